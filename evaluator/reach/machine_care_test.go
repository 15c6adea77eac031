package reach

import (
	"testing"
	"time"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

func TestMachineCare(t *testing.T) {
	t.Parallel()
	now := inventory.Week(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	days := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	node := func(online bool, f inventory.ManagedNode, known ...string) *inventory.Resource {
		f.Machine, f.Online, f.SeenAt = "m", online, now
		return made("node", "aws.ssm.managed_node", &f, append(known, "machine", "online", "seen_at")...)
	}
	all := []string{"missing_patches", "pending_restart", "scanned_at", "central_sessions"}
	image := func(f inventory.SourceImage, known ...string) *inventory.Resource {
		f.Image, f.SeenAt = "ami-1", now
		return made("image", "aws.ec2.source_image", &f, append(known, "image", "seen_at")...)
	}
	whole := []string{"owner", "provider", "public", "made_at", "withdrawn_at"}
	const own, strange = "111122223333", "999999999999"
	for name, c := range map[string]struct {
		with  []*inventory.Resource
		deny  inventory.Class
		key   string
		fact  string
		want  any
		allow []string
	}{
		"agent reports":             {with: []*inventory.Resource{node(true, inventory.ManagedNode{}, all...)}, fact: "agent_managed", want: true},
		"agent is lost":             {with: []*inventory.Resource{node(false, inventory.ManagedNode{}, all...)}, fact: "agent_managed", want: false},
		"no agent":                  {fact: "agent_managed", want: false},
		"agents unread":             {deny: inventory.ClassManagedNode, fact: "agent_managed", want: nil},
		"all installed":             {with: []*inventory.Resource{node(true, inventory.ManagedNode{ScannedAt: days(7)}, all...)}, fact: "patched", want: true},
		"something missing":         {with: []*inventory.Resource{node(true, inventory.ManagedNode{ScannedAt: days(7), MissingPatches: 1}, all...)}, fact: "patched", want: false},
		"waits for a restart":       {with: []*inventory.Resource{node(true, inventory.ManagedNode{ScannedAt: days(7), PendingRestart: 1}, all...)}, fact: "patched", want: false},
		"looked long ago":           {with: []*inventory.Resource{node(true, inventory.ManagedNode{ScannedAt: days(35)}, all...)}, fact: "patched", want: false},
		"never looked":              {with: []*inventory.Resource{node(true, inventory.ManagedNode{})}, fact: "patched", want: nil},
		"nobody looks":              {fact: "patched", want: nil},
		"no key":                    {fact: "central_login", want: true},
		"a key":                     {key: "team", fact: "central_login", want: false},
		"a key, agents unread":      {key: "team", deny: inventory.ClassManagedNode, fact: "central_login", want: nil},
		"a key, sessions brokered":  {key: "team", with: []*inventory.Resource{node(true, inventory.ManagedNode{CentralSessions: true}, all...)}, fact: "central_login", want: true},
		"a key, agent lost":         {key: "team", with: []*inventory.Resource{node(false, inventory.ManagedNode{CentralSessions: true}, all...)}, fact: "central_login", want: false},
		"a key, setting unread":     {key: "team", with: []*inventory.Resource{node(true, inventory.ManagedNode{})}, fact: "central_login", want: nil},
		"provider's image":          {with: []*inventory.Resource{image(inventory.SourceImage{Owner: "1", Provider: true, Public: true, MadeAt: days(900)}, whole...)}, fact: "image_approved", want: true},
		"provider's, withdrawn":     {with: []*inventory.Resource{image(inventory.SourceImage{Owner: "1", Provider: true, Public: true, WithdrawnAt: days(7)}, whole...)}, fact: "image_approved", want: false},
		"provider's, to be renewed": {with: []*inventory.Resource{image(inventory.SourceImage{Owner: "1", Provider: true, Public: true, WithdrawnAt: days(-90)}, whole...)}, fact: "image_approved", want: true},
		"own, young":                {with: []*inventory.Resource{image(inventory.SourceImage{Owner: own, MadeAt: days(100)}, whole...)}, fact: "image_approved", want: true},
		"own, old":                  {with: []*inventory.Resource{image(inventory.SourceImage{Owner: own, MadeAt: days(200)}, whole...)}, fact: "image_approved", want: false},
		"own, age untold":           {with: []*inventory.Resource{image(inventory.SourceImage{Owner: own}, "owner", "provider", "public", "withdrawn_at")}, fact: "image_approved", want: nil},
		"a stranger's":              {with: []*inventory.Resource{image(inventory.SourceImage{Owner: strange, MadeAt: days(1)}, whole...)}, fact: "image_approved", want: false},
		"a stranger's, approved":    {with: []*inventory.Resource{image(inventory.SourceImage{Owner: strange, Public: true}, whole...)}, allow: []string{strange}, fact: "image_approved", want: true},
		"hidden":                    {with: []*inventory.Resource{image(inventory.SourceImage{})}, fact: "image_approved", want: nil},
		"images unread":             {deny: inventory.ClassSourceImage, fact: "image_approved", want: nil},
		"image not collected":       {fact: "image_approved", want: nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := made("m", "aws.ec2.instance", &inventory.ComputeInstance{ImageID: "ami-1", LoginKey: c.key}, "image_id", "login_key", "interfaces", "running", "identity")
			e := newEstate(append(c.with, m)...)
			e.settings.ApprovedImages = c.allow
			if c.deny != "" {
				e.deny(c.deny, "Describe")
			}
			got, known := e.derive(t, "m").Value(c.fact)
			if known != (c.want != nil) || known && got != c.want {
				t.Errorf("%s is %v (known %v); want %v", c.fact, got, known, c.want)
			}
		})
	}
}
