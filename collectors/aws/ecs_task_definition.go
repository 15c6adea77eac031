package aws

import (
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// A task definition is a workload where a service runs it, or where it is the newest of its family: older revisions
// stay listed for ever, and nothing runs them.
var _ = collectors.Register(&Sources, collectors.Source[*Clients, string, taskAnswers]{
	Kind:  "aws.ecs.task_definition",
	Class: inventory.ClassContainerWorkload,
	Permissions: []string{
		"ecs:ListTaskDefinitionFamilies", "ecs:ListTaskDefinitions", "ecs:ListClusters", "ecs:ListServices",
		"ecs:DescribeServices", "ecs:DescribeTaskDefinition",
	},
	ListAction: "ListTaskDefinitionFamilies", ListPermission: "ecs:ListTaskDefinitionFamilies",
	List: listTaskDefinitions,
	Find: func(ctx context.Context, c *Clients, id string) iter.Seq2[string, error] {
		return only(listTaskDefinitions(ctx, c), func(arn string) bool { return arn == id })
	},
	Ask:   askTaskDefinition,
	Facts: taskDefinitionFacts,
})

// taskContainer is what is kept of one container of a task. Its variables and commands are searched for secrets and let
// go.
type taskContainer struct {
	Name, Image        string
	User               string `json:",omitempty"`
	Privileged         bool   `json:",omitempty"`
	ReadOnlyFilesystem bool   `json:",omitempty"`
	LogDriver          string `json:",omitempty"`
}

// taskDefinition is what is kept of a task definition.
type taskDefinition struct {
	ARN, Family                   string
	NetworkMode, PIDMode, IPCMode string `json:",omitempty"`
	Fargate, Windows              bool   `json:",omitempty"`
	Containers                    []taskContainer
	Values                        collectors.PlainValues
	Tags                          map[string]string `json:",omitempty"`
}

// taskAnswers is all that ECS says about one task definition.
type taskAnswers struct {
	ARN        string
	Definition collectors.Answer[taskDefinition]
}

func listTaskDefinitions(ctx context.Context, c *Clients) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		seen := map[string]bool{}
		emit := func(arn string, err error) bool {
			if err != nil {
				yield("", err)
				return false
			}
			if arn == "" || seen[arn] {
				return true
			}
			seen[arn] = true
			return yield(arn, nil)
		}
		p := ecs.NewListTaskDefinitionFamiliesPaginator(c.ECS, &ecs.ListTaskDefinitionFamiliesInput{
			Status: types.TaskDefinitionFamilyStatusActive, MaxResults: aws.Int32(100),
		})
		families := listed(ctx, p, func(o *ecs.ListTaskDefinitionFamiliesOutput) []string { return o.Families })
		for family, err := range families {
			if err == nil {
				family, err = newestRevision(ctx, c, family)
			}
			if !emit(family, err) {
				return
			}
		}
		for arn, err := range servedDefinitions(ctx, c) {
			if !emit(arn, err) {
				return
			}
		}
	}
}

// newestRevision is the latest active definition of a family; empty when none is left. A prefix finds families with
// longer names as well, which sort behind all revisions of this one or before them.
func newestRevision(ctx context.Context, c *Clients, family string) (string, error) {
	p := ecs.NewListTaskDefinitionsPaginator(c.ECS, &ecs.ListTaskDefinitionsInput{
		FamilyPrefix: aws.String(family), Sort: types.SortOrderDesc, Status: types.TaskDefinitionStatusActive,
		MaxResults: aws.Int32(10),
	})
	for arn, err := range listed(ctx, p, func(o *ecs.ListTaskDefinitionsOutput) []string { return o.TaskDefinitionArns }) {
		if err != nil {
			return "", during("ListTaskDefinitions", "ecs:ListTaskDefinitions", err)
		}
		if name, _, _ := strings.Cut(shortFamily(arn), ":"); name == family {
			return arn, nil
		}
	}
	return "", nil
}

// shortFamily is family:revision of an ARN.
func shortFamily(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// servedDefinitions yields the definitions that services run now.
func servedDefinitions(ctx context.Context, c *Clients) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		clusters := ecs.NewListClustersPaginator(c.ECS, &ecs.ListClustersInput{MaxResults: aws.Int32(100)})
		for cluster, err := range listed(ctx, clusters, func(o *ecs.ListClustersOutput) []string { return o.ClusterArns }) {
			if err != nil {
				yield("", during("ListClusters", "ecs:ListClusters", err))
				return
			}
			if !servedBy(ctx, c, cluster, yield) {
				return
			}
		}
	}
}

func servedBy(ctx context.Context, c *Clients, cluster string, yield func(string, error) bool) bool {
	// DescribeServices takes ten services at a time, so the pages are made as small.
	p := ecs.NewListServicesPaginator(c.ECS, &ecs.ListServicesInput{Cluster: aws.String(cluster),
		MaxResults: aws.Int32(10)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return yield("", during("ListServices", "ecs:ListServices", err))
		}
		if len(page.ServiceArns) == 0 {
			continue
		}
		out, err := c.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(cluster),
			Services: page.ServiceArns})
		if err != nil {
			return yield("", during("DescribeServices", "ecs:DescribeServices", err))
		}
		for _, s := range out.Services {
			for _, arn := range definitionsOf(s) {
				if !yield(arn, nil) {
					return false
				}
			}
		}
	}
	return true
}

// definitionsOf are the definitions a service runs: while it is rolled out there are two.
func definitionsOf(s types.Service) []string {
	out := []string{aws.ToString(s.TaskDefinition)}
	for _, d := range s.Deployments {
		out = append(out, aws.ToString(d.TaskDefinition))
	}
	for _, set := range s.TaskSets {
		out = append(out, aws.ToString(set.TaskDefinition))
	}
	return out
}

func askTaskDefinition(ctx context.Context, c *Clients, arn string) taskAnswers {
	return taskAnswers{ARN: arn, Definition: ask("DescribeTaskDefinition", "ecs:DescribeTaskDefinition",
		func() (*taskDefinition, error) {
			out, err := c.ECS.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
				TaskDefinition: aws.String(arn), Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
			})
			if err != nil {
				return nil, err
			}
			return narrowTask(out), nil
		})}
}

func narrowTask(o *ecs.DescribeTaskDefinitionOutput) *taskDefinition {
	d := o.TaskDefinition
	if d == nil {
		return &taskDefinition{}
	}
	out := &taskDefinition{
		ARN: aws.ToString(d.TaskDefinitionArn), Family: aws.ToString(d.Family), NetworkMode: string(d.NetworkMode),
		PIDMode: string(d.PidMode), IPCMode: string(d.IpcMode),
		Tags: labels(o.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value }),
	}
	for _, v := range d.RequiresCompatibilities {
		out.Fargate = out.Fargate || v == types.CompatibilityFargate
	}
	if d.RuntimePlatform != nil {
		out.Windows = strings.HasPrefix(string(d.RuntimePlatform.OperatingSystemFamily), "WINDOWS")
	}
	for _, c := range d.ContainerDefinitions {
		kept := taskContainer{
			Name: aws.ToString(c.Name), Image: aws.ToString(c.Image), User: aws.ToString(c.User),
			Privileged: aws.ToBool(c.Privileged), ReadOnlyFilesystem: aws.ToBool(c.ReadonlyRootFilesystem),
		}
		if c.LogConfiguration != nil {
			kept.LogDriver = string(c.LogConfiguration.LogDriver)
		}
		out.Containers = append(out.Containers, kept)
		for _, e := range c.Environment {
			out.Values.Look(aws.ToString(e.Name), aws.ToString(e.Value))
		}
		out.Values.Look("command", strings.Join(append(c.EntryPoint, c.Command...), " "))
	}
	return out
}

func taskDefinitionFacts(w collectors.Where, a taskAnswers) *inventory.Resource {
	facts := &inventory.ContainerWorkload{}
	r := inventory.New(a.ARN, shortFamily(a.ARN), w.Region, facts)
	defer leftOut(r, "DescribeTaskDefinition", "ecs:DescribeTaskDefinition")
	r.SetNotApplicable("runs in no Kubernetes cluster", "cluster")
	why := a.Definition.Unknown()
	if why != nil || a.Definition.Value == nil || len(a.Definition.Value.Containers) == 0 {
		if why != nil {
			r.SetUnknown(*why, "privileged", "runs_as_root", "read_only_filesystem", "host_namespaces", "plaintext_secrets",
				"logs_shipped", "images", "labels_read")
		}
		return r
	}
	d := a.Definition.Value
	r.Labels = d.Tags
	facts.ReadOnlyFilesystem, facts.LogsShipped, facts.HostNamespaces = true, true, d.hostNamespaces()
	for _, c := range d.Containers {
		facts.Privileged = facts.Privileged || c.Privileged
		facts.RunsAsRoot = facts.RunsAsRoot || rootUser(c.User)
		facts.ReadOnlyFilesystem = facts.ReadOnlyFilesystem && c.ReadOnlyFilesystem
		facts.LogsShipped = facts.LogsShipped && shipsLogs(c.LogDriver)
	}
	facts.PlaintextSecrets = d.Values.Count()
	r.Known("privileged", "runs_as_root", "read_only_filesystem", "host_namespaces", "plaintext_secrets", "logs_shipped")
	if d.Windows {
		r.SetNotApplicable("the containers run Windows, which has no such setting", "privileged", "runs_as_root",
			"read_only_filesystem", "host_namespaces")
	}
	for _, c := range d.Containers {
		facts.Images = append(facts.Images, containerImage(c.Image))
	}
	r.Known("images")
	return r
}

// hostNamespaces are the namespaces of the machine that the task shares. A task of its own machine has none to share.
func (d *taskDefinition) hostNamespaces() []string {
	out := []string{}
	if d.Fargate {
		return out
	}
	for _, n := range []struct{ mode, name string }{{d.NetworkMode, "network"}, {d.PIDMode, "pid"}, {d.IPCMode, "ipc"}} {
		if n.mode == "host" {
			out = append(out, n.name)
		}
	}
	return out
}

// rootUser says whether a container may run as user 0: named so, or not named at all, when the image decides.
func rootUser(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "root" || name == "0"
}

// shipsLogs says whether a driver carries output away from the machine. The drivers of the machine itself keep it
// there.
func shipsLogs(driver string) bool {
	switch driver {
	case "", "none", "json-file", "journald":
		return false
	}
	return true
}
