package aws

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Config tells of task definitions in the words of CloudFormation, each revision by itself. On which system the
// containers run it does not record, and on Windows these settings mean nothing: they are known where a container has
// what only Linux knows.
var configTask = configType(recordedType{
	name: "AWS::ECS::TaskDefinition", kind: "aws.ecs.task_definition",
	needs: []string{"TaskDefinitionArn", "Family", "ContainerDefinitions"},
	doubt: func(configuration map[string]any) []string {
		_, told := foldedMember(configuration, []string{"RuntimePlatform"})
		containers, _ := configuration["ContainerDefinitions"].([]any)
		if told || slices.ContainsFunc(containers, onLinux) {
			return nil
		}
		return []string{"privileged", "runs_as_root", "read_only_filesystem", "host_namespaces"}
	},
})

// onLinux says whether a container is set up in a way that Windows does not have.
func onLinux(container any) bool {
	members, _ := container.(map[string]any)
	_, tuned := foldedMember(members, []string{"LinuxParameters"})
	privileged, _ := foldedMember(members, []string{"Privileged"})
	sealed, _ := foldedMember(members, []string{"ReadonlyRootFilesystem"})
	return tuned || textOf(privileged) == "true" || textOf(sealed) == "true"
}

// activeTask reads a revision that can be run.
func activeTask(i *recordedItem) (*types.TaskDefinition, error) {
	out := &types.TaskDefinition{}
	err := i.into(configTask, out)
	if err == nil && out.Status == types.TaskDefinitionStatusInactive {
		err = errLeftOut
	}
	return out, err
}

// Every revision names its family, and the family is asked for its newest revision alone.
var _ = answersListing("ECS.ListTaskDefinitionFamilies", asFarAsRecorded[ecs.ListTaskDefinitionFamiliesOutput](
	listing(configTask, func(i *recordedItem) (string, error) {
		d, err := activeTask(i)
		return aws.ToString(d.Family), err
	}, func(o *ecs.ListTaskDefinitionFamiliesOutput, names []string) { o.Families = names }, "Status")))

// Clusters and services tell which revisions are run beside the newest.
var (
	configTaskCluster = configType(recordedType{name: "AWS::ECS::Cluster", needs: []string{"Arn"}})
	configService     = configType(recordedType{
		name: "AWS::ECS::Service", needs: []string{"ServiceArn", "Cluster", "TaskDefinition"},
	})
)

var _ = answersListing("ECS.ListClusters", asFarAsRecorded[ecs.ListClustersOutput](
	listing(configTaskCluster, func(i *recordedItem) (string, error) {
		var c struct{ Arn string }
		err := i.into(configTaskCluster, &c)
		return c.Arn, err
	}, func(o *ecs.ListClustersOutput, arns []string) { o.ClusterArns = arns })))

// recordedTaskService is a service in the words of CloudFormation.
type recordedTaskService struct{ ServiceArn, Cluster, TaskDefinition string }

func serviceAs(i *recordedItem) (s recordedTaskService, err error) {
	err = i.into(configService, &s)
	return s, err
}

// The services of a cluster are told in one page. They name it by its ARN or its name.
var _ = answersListing("ECS.ListServices", func(e *Export, region string, in any) (any, error) {
	question, ok := in.(*ecs.ListServicesInput)
	if !ok || question.Cluster == nil {
		return nil, errNotExported
	}
	out := &ecs.ListServicesOutput{}
	for _, s := range readAll(e, configService, e.byPlace[configService.place(region)], serviceAs) {
		if shortID(s.Cluster) == shortID(*question.Cluster) {
			out.ServiceArns = append(out.ServiceArns, s.ServiceArn)
		}
	}
	return out, nil
})

var _ = answersListing("ECS.DescribeServices", func(e *Export, region string, in any) (any, error) {
	question, ok := in.(*ecs.DescribeServicesInput)
	if !ok {
		return nil, errNotExported
	}
	out := &ecs.DescribeServicesOutput{}
	for _, s := range readAll(e, configService, e.byPlace[configService.place(region)], serviceAs) {
		if slices.Contains(question.Services, s.ServiceArn) {
			out.Services = append(out.Services, types.Service{ServiceArn: aws.String(s.ServiceArn),
				TaskDefinition: aws.String(s.TaskDefinition)})
		}
	}
	return out, nil
})

// The newest revision of a family that is recorded is all of the answer that is asked for.
var _ = answersListing("ECS.ListTaskDefinitions", func(e *Export, region string, in any) (any, error) {
	question, ok := in.(*ecs.ListTaskDefinitionsInput)
	if !ok || question.FamilyPrefix == nil || question.Sort != types.SortOrderDesc ||
		question.Status != types.TaskDefinitionStatusActive || question.NextToken != nil {
		return nil, errNotExported
	}
	newest, at := "", -1
	for _, k := range e.byPlace[configTask.place(region)] {
		family, revision, _ := strings.Cut(shortFamily(k.id), ":")
		n, err := strconv.Atoi(revision)
		if err != nil || n <= at || family != *question.FamilyPrefix {
			continue
		}
		if d, err := readAs(e, k, activeTask); err == nil {
			newest, at = aws.ToString(d.TaskDefinitionArn), n
		}
	}
	if newest == "" {
		return nil, errNotExported
	}
	return &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: []string{newest}}, nil
})

// Records hold every revision there ever was, which takes longer to read than asking about the few that run.
var _ = tellsExport("ECS.DescribeTaskDefinition", configTask,
	func(in *ecs.DescribeTaskDefinitionInput) *string { return in.TaskDefinition },
	func(i *recordedItem) (*ecs.DescribeTaskDefinitionOutput, error) {
		out := &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{}}
		for key, value := range i.Tags {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: &value})
		}
		return out, i.into(configTask, out.TaskDefinition)
	})
