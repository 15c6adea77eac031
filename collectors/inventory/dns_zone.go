package inventory

// DNSZone is the class dns_zone: a public name zone and its records.
type DNSZone struct {
	// Public is the bool public: Answers the internet.
	//   AWS: Config.PrivateZone=false.
	//   Azure: zone type public.
	//   Google Cloud: visibility=public.
	Public bool `cel:"public" json:"public"`
	// Signed is the bool signed: Signed with DNSSEC under an algorithm that is not SHA-1 based.
	//   AWS: route53:GetDNSSEC Status.ServeSignature=SIGNING; KeySigningKeys[].SigningAlgorithmMnemonic.
	//   Azure: dnsZones/dnssecConfigs/default exists.
	//   Google Cloud: dnssecConfig.state=on; defaultKeySpecs[].algorithm not rsasha1.
	Signed bool `cel:"signed" json:"signed"`
	// DanglingRecords is the int dangling_records: Records that point at an address, bucket, endpoint or site no
	// longer owned. Unit: records.
	//   AWS: A, AAAA, CNAME, alias values looked up among addresses, buckets, distributions, environments of the
	//   organisation.
	//   Azure: A, CNAME values and targetResource looked up in the inventory.
	//   Google Cloud: A, CNAME rrdatas looked up in the inventory.
	DanglingRecords int64 `cel:"dangling_records" json:"dangling_records" stage:"derived"`
	// HasMail is the bool has_mail: Receives mail (an MX record).
	//   AWS: MX record set.
	//   Azure: MX record set.
	//   Google Cloud: MX record set.
	HasMail bool `cel:"has_mail" json:"has_mail"`
	// MailAuthenticated is the bool mail_authenticated: Publishes SPF ending in ~all or -all and DMARC with
	// quarantine or reject.
	//   AWS: TXT at apex v=spf1; TXT at _dmarc p=.
	//   Azure: TXT at apex v=spf1; TXT at _dmarc p=.
	//   Google Cloud: TXT at apex v=spf1; TXT at _dmarc p=.
	MailAuthenticated bool `cel:"mail_authenticated" json:"mail_authenticated"`

	// Pointers are where its records point, as far as they point at resources of a provider.
	Pointers []Pointer `json:"pointers" stage:"derived"`
}

// Pointer is a name that leads to a resource of a provider.
type Pointer struct {
	// From is what points: a record, an origin.
	From string `json:"from,omitempty"`
	// Name is the name or the address that is pointed at.
	Name string `json:"name"`
	// Class is what the name can be of. It is looked up by ID where the name tells the resource, else by the name.
	Class Class  `json:"class"`
	ID    string `json:"id,omitempty"`
}
