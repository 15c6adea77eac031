package aws

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, types.Instance, instanceAnswers]{
	Kind:        "aws.ec2.instance",
	Class:       inventory.ClassComputeInstance,
	Permissions: []string{"ec2:DescribeInstances", "ec2:DescribeInstanceAttribute"},
	ListAction:  "DescribeInstances", ListPermission: "ec2:DescribeInstances",
	List:  lister[types.Instance](instances).all,
	Find:  lister[types.Instance](instances).one,
	Ask:   askInstance,
	Facts: instanceFacts,
})

// instanceAnswers is all that EC2 says about one machine. Of its start-up data only what kinds of secret stand in it.
type instanceAnswers struct {
	Instance types.Instance
	Startup  collectors.Answer[startupSecrets]
}

// startupSecrets is what was found in the start-up data of a machine.
type startupSecrets struct {
	Found []collectors.SecretMatch
}

func instances(ctx context.Context, c *Clients, ids ...string) iter.Seq2[types.Instance, error] {
	p := ec2.NewDescribeInstancesPaginator(c.EC2, &ec2.DescribeInstancesInput{
		InstanceIds: ids, MaxResults: pageSize(1000, ids), IncludeManagedResources: evenHidden,
	})
	return described(ctx, p, func(o *ec2.DescribeInstancesOutput) []types.Instance {
		var out []types.Instance
		for _, r := range o.Reservations {
			out = append(out, r.Instances...)
		}
		return out
	}, "InvalidInstanceID.NotFound")
}

// ended says whether a machine is gone for good; EC2 lists it for about an hour more.
func ended(i types.Instance) bool {
	return i.State != nil &&
		(i.State.Name == types.InstanceStateNameTerminated || i.State.Name == types.InstanceStateNameShuttingDown)
}

func askInstance(ctx context.Context, c *Clients, i types.Instance) instanceAnswers {
	a := instanceAnswers{Instance: i}
	if ended(i) {
		return a
	}
	a.Startup = ask("DescribeInstanceAttribute", "ec2:DescribeInstanceAttribute", func() (*startupSecrets, error) {
		out, err := c.EC2.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{
			InstanceId: i.InstanceId, Attribute: types.InstanceAttributeNameUserData,
		})
		if err != nil {
			return nil, err
		}
		return scanStartup(out)
	})
	return a
}

// scanStartup looks for secrets in start-up data and lets the data go.
func scanStartup(o *ec2.DescribeInstanceAttributeOutput) (*startupSecrets, error) {
	if o.UserData == nil || aws.ToString(o.UserData.Value) == "" {
		return nil, collectors.ErrAbsent
	}
	data, err := base64.StdEncoding.DecodeString(*o.UserData.Value)
	if err != nil {
		// The error of the decoder quotes nothing, yet none of the data may end up in a message.
		return nil, unreadable("start-up data is not base64")
	}
	found, err := collectors.FindSecretsIn(data)
	if err != nil {
		return nil, unreadable("start-up data cannot be unpacked")
	}
	return &startupSecrets{Found: found}, nil
}

// unreadable is an answer that came and could not be read.
func unreadable(what string) error {
	return &collectors.Failure{
		Reason: collectors.Reason{Cause: inventory.CauseFailed, Code: "MalformedAnswer"}, Err: fmt.Errorf("%s", what),
	}
}

func instanceFacts(w collectors.Where, a instanceAnswers) *inventory.Resource {
	i := a.Instance
	if ended(i) {
		return nil
	}
	facts := &inventory.ComputeInstance{}
	tags := ec2Labels(i.Tags)
	id := aws.ToString(i.InstanceId)
	r := inventory.New(ec2ARN(w, "instance", id), nameOr(tags, id), w.Region, facts)
	r.Labels = tags
	facts.InVirtualNetwork = aws.ToString(i.VpcId) != ""
	facts.ImageID, facts.LoginKey = aws.ToString(i.ImageId), aws.ToString(i.KeyName)
	if i.IamInstanceProfile != nil {
		facts.Identity = aws.ToString(i.IamInstanceProfile.Arn)
	}
	for _, n := range i.NetworkInterfaces {
		facts.Interfaces = append(facts.Interfaces, ec2ARN(w, "network-interface", aws.ToString(n.NetworkInterfaceId)))
	}
	r.Known("in_virtual_network", "image_id", "identity", "interfaces", "login_key")
	r.SetNotApplicable("secure boot state is held in the machine's UEFI variables, not in its description", "secure_boot")
	if i.State == nil {
		unsaid(r, "DescribeInstances", "running")
	} else {
		facts.Running = i.State.Name == types.InstanceStateNameRunning
		r.Known("running")
	}
	instanceAddressFact(r, facts, i)
	instanceMetadataFact(r, facts, i.MetadataOptions)
	instanceSystemFact(r, facts, i)
	collectors.Know(r, a.Startup, func(s *startupSecrets) {
		if s != nil {
			facts.PlaintextSecrets = collectors.Matches(s.Found)
		}
	}, "plaintext_secrets")
	return r
}

// instanceAddressFact states whether the machine holds a public address. A global IPv6 address alone is public only
// where a route leads to it, which other answers decide: the fact is then left to be derived.
func instanceAddressFact(r *inventory.Resource, facts *inventory.ComputeInstance, i types.Instance) {
	facts.PublicAddress = aws.ToString(i.PublicIpAddress) != ""
	ipv6 := globalIPv6(aws.ToString(i.Ipv6Address))
	for _, n := range i.NetworkInterfaces {
		facts.PublicAddress = facts.PublicAddress || publicAssociation(n.Association)
		for _, p := range n.PrivateIpAddresses {
			facts.PublicAddress = facts.PublicAddress || publicAssociation(p.Association)
		}
		for _, v6 := range n.Ipv6Addresses {
			ipv6 = ipv6 || globalIPv6(aws.ToString(v6.Ipv6Address))
		}
	}
	if facts.PublicAddress || !ipv6 {
		r.Known("public_address")
	}
}

func publicAssociation(a *types.InstanceNetworkInterfaceAssociation) bool {
	return a != nil && (aws.ToString(a.PublicIp) != "" || aws.ToString(a.CarrierIp) != "")
}

// instanceMetadataFact states whether the metadata service asks for a session token. Machines started before the
// setting existed need none, but an answer that leaves the setting out does not say so.
func instanceMetadataFact(
	r *inventory.Resource, facts *inventory.ComputeInstance, o *types.InstanceMetadataOptionsResponse,
) {
	switch {
	case o == nil:
		unsaid(r, "DescribeInstances", "metadata_hardened")
		return
	case o.HttpEndpoint == types.InstanceMetadataEndpointStateDisabled, o.HttpTokens == types.HttpTokensStateRequired:
		facts.MetadataHardened = true
	case o.HttpTokens == "":
		unsaid(r, "DescribeInstances", "metadata_hardened")
		return
	}
	r.Known("metadata_hardened")
}

// instanceSystemFact states the family of the operating system. EC2 names Windows in both fields; the platform is empty
// for everything else, which is Linux but for the Mac machines.
func instanceSystemFact(r *inventory.Resource, facts *inventory.ComputeInstance, i types.Instance) {
	switch {
	case strings.EqualFold(string(i.Platform), "windows"), strings.HasPrefix(aws.ToString(i.PlatformDetails), "Windows"):
		facts.OSFamily = "windows"
	case strings.HasSuffix(string(i.Architecture), "_mac"):
		r.SetNotApplicable("the machine runs macOS", "os_family")
		return
	default:
		facts.OSFamily = "linux"
	}
	r.Known("os_family")
}
