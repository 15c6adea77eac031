package aws

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// A classic balancer has no target groups: every machine registered with it gets the traffic of every listener. Here
// they are told as one forwarding target for each port of the machines.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, registeredInstances, registeredInstances]{
	Kind:        "aws.elb.registered_instances",
	Class:       inventory.ClassForwardingTarget,
	Permissions: []string{"elasticloadbalancing:DescribeLoadBalancers"},
	ListAction:  "DescribeLoadBalancers", ListPermission: "elasticloadbalancing:DescribeLoadBalancers",
	NoLabels: true,
	List:     listRegisteredInstances,
	Facts:    registeredFacts,
})

// registeredInstances are the machines behind one classic balancer, with the listener that names their port.
type registeredInstances struct {
	LoadBalancer string
	Network      string
	Listener     types.Listener
	Instances    []string
}

func listRegisteredInstances(ctx context.Context, c *Clients) iter.Seq2[registeredInstances, error] {
	return func(yield func(registeredInstances, error) bool) {
		for lb, err := range classicBalancers(ctx, c) {
			if err != nil {
				yield(registeredInstances{}, err)
				return
			}
			for _, item := range registeredWith(lb) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// registeredWith gives one item for each protocol and port that the listeners of a balancer forward to.
func registeredWith(lb types.LoadBalancerDescription) []registeredInstances {
	var items []registeredInstances
	seen := map[string]bool{}
	for _, d := range lb.ListenerDescriptions {
		if d.Listener == nil || seen[backend(*d.Listener)] {
			continue
		}
		seen[backend(*d.Listener)] = true
		item := registeredInstances{
			LoadBalancer: aws.ToString(lb.LoadBalancerName), Network: aws.ToString(lb.VPCId), Listener: *d.Listener,
		}
		for _, i := range lb.Instances {
			item.Instances = append(item.Instances, aws.ToString(i.InstanceId))
		}
		items = append(items, item)
	}
	return items
}

// backendProtocol is what a listener speaks to the machine: what it was told to, else what it speaks to callers.
func backendProtocol(l types.Listener) string {
	if p := aws.ToString(l.InstanceProtocol); p != "" {
		return wireProtocol(p)
	}
	return wireProtocol(aws.ToString(l.Protocol))
}

func backend(l types.Listener) string {
	return fmt.Sprintf("%s-%d", backendProtocol(l), aws.ToInt32(l.InstancePort))
}

// registeredID is the id of the machines behind one port of a classic balancer, which the provider gives no ARN.
func registeredID(w collectors.Where, balancer string, l types.Listener) string {
	return fmt.Sprintf("%s/%s/%s/%s/%s", w.Scope, inventory.ClassForwardingTarget, w.Region, balancer, backend(l))
}

func registeredFacts(w collectors.Where, a registeredInstances) *inventory.Resource {
	port := int(aws.ToInt32(a.Listener.InstancePort))
	facts := &inventory.ForwardingTarget{
		Protocol: backendProtocol(a.Listener), Port: port, Network: ec2ARN(w, "vpc", a.Network),
		EntryPoints: []string{classicID(w, a.LoadBalancer)}, Resources: ec2ARNs(w, "instance", a.Instances),
	}
	for _, id := range facts.Resources {
		facts.Targets = append(facts.Targets, inventory.Target{Resource: id, Class: inventory.ClassComputeInstance, Port: port})
	}
	name := a.LoadBalancer + ":" + backend(a.Listener)
	r := inventory.New(registeredID(w, a.LoadBalancer, a.Listener), name, w.Region, facts)
	r.Known("protocol", "port", "network", "entry_points", "targets", "resources", "preserves_caller")
	return r
}
