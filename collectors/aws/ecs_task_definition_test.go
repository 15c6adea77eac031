package aws

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const taskARN = "arn:aws:ecs:us-east-1:644160558196:task-definition/web:3"

var (
	_ = sample("aws.ecs.task_definition", taskDefinitionFacts, taskAnswers{
		ARN: taskARN, Definition: answered(&taskDefinition{Containers: []taskContainer{{Name: "web", Image: "nginx:1", User: "10"}}}),
	}, taskAnswers{ARN: taskARN})
	_ = sweep("ecs.DescribeTaskDefinition", taskDefinitionFacts, func(o *ecs.DescribeTaskDefinitionOutput) []taskAnswers {
		return []taskAnswers{{ARN: aws.ToString(o.TaskDefinition.TaskDefinitionArn), Definition: answered(narrowTask(o))}}
	})
)

func TestTaskDefinitionFacts(t *testing.T) {
	t.Parallel()
	hard := taskContainer{Name: "web", Image: "111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1.2", User: "1000:1000", ReadOnlyFilesystem: true, LogDriver: "awslogs"}
	soft := taskContainer{Name: "side", Image: "busybox", Privileged: true, LogDriver: "json-file"}
	task := func(d taskDefinition, containers ...taskContainer) taskAnswers {
		d.Containers = containers
		return taskAnswers{ARN: taskARN, Definition: answered(&d)}
	}
	for name, c := range map[string]struct {
		answers taskAnswers
		want    stated
	}{
		"hardened": {task(taskDefinition{NetworkMode: "awsvpc"}, hard), stated{"privileged": false, "runs_as_root": false, "read_only_filesystem": true,
			"host_namespaces": "[]", "plaintext_secrets": 0, "logs_shipped": true, "approved_registry": nil,
			"images": "[{Name:111122223333.dkr.ecr.us-east-1.amazonaws.com/web Owner:111122223333 Pinned:true}]"}},
		"one soft container": {task(taskDefinition{NetworkMode: "host", PIDMode: "host", IPCMode: "task"}, hard, soft), stated{"privileged": true, "runs_as_root": true,
			"read_only_filesystem": false, "host_namespaces": "[network pid]", "logs_shipped": false}},
		"own machine":    {task(taskDefinition{Fargate: true, PIDMode: "host"}, hard), stated{"host_namespaces": "[]"}},
		"root by number": {task(taskDefinition{}, taskContainer{User: "0:0", LogDriver: "splunk"}), stated{"runs_as_root": true, "logs_shipped": true}},
		"root by name":   {task(taskDefinition{}, taskContainer{User: "root"}), stated{"runs_as_root": true, "logs_shipped": false}},
		"Windows":        {task(taskDefinition{Windows: true}, hard), stated{"privileged": notApplicable, "runs_as_root": notApplicable, "read_only_filesystem": notApplicable, "logs_shipped": true}},
		"denied":         {taskAnswers{ARN: taskARN, Definition: refused[taskDefinition]()}, stated{"privileged": nil, "images": nil, "plaintext_secrets": nil, "labels_read": nil}},
		"no containers":  {task(taskDefinition{}), stated{"privileged": nil, "runs_as_root": nil, "logs_shipped": nil, "images": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			roundTrip(t, c.answers)
			c.want.check(t, taskDefinitionFacts(here, c.answers))
		})
	}
}

func TestRecordedTaskDefinitions(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]stated{
		"test_ecs_task_def_tags/ecs.DescribeTaskDefinition_1.json": {"runs_as_root": true, "privileged": false, "read_only_filesystem": false, "host_namespaces": "[network]",
			"logs_shipped": true, "images": "[{Name:docker.io/capitalone/cloud-custodian Owner: Pinned:false}]"},
		"test_ecs_task_def_tags/ecs.DescribeTaskDefinition_2.json": {"read_only_filesystem": true, "host_namespaces": "[]",
			"images": "[{Name:docker.io/library/redis Owner: Pinned:false}]"},
		"test_ecs_task_def_delete_permanently/ecs.DescribeTaskDefinition_1.json": {"runs_as_root": true, "privileged": false, "host_namespaces": "[]", "logs_shipped": true,
			"plaintext_secrets": 0, "images": "[{Name:644160558196.dkr.ecr.us-east-1.amazonaws.com/docker-on-aws/nodejs Owner:644160558196 Pinned:false}]"},
	} {
		out := recorded[ecs.DescribeTaskDefinitionOutput](t, file)
		want.check(t, taskDefinitionFacts(here, taskAnswers{ARN: *out.TaskDefinition.TaskDefinitionArn, Definition: answered(narrowTask(out))}))
	}
}

func TestListTaskDefinitions(t *testing.T) {
	t.Parallel()
	of := func(name string) string { return "arn:aws:ecs:us-east-1:1:task-definition/" + name }
	c, calls := scripted(t, "us-east-1", script{
		"ListTaskDefinitionFamilies": say(&ecs.ListTaskDefinitionFamiliesOutput{Families: []string{"web", "gone"}}),
		"ListTaskDefinitions": func(in any) (any, error) {
			if *in.(*ecs.ListTaskDefinitionsInput).FamilyPrefix == "gone" {
				return &ecs.ListTaskDefinitionsOutput{}, nil
			}
			return &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: []string{of("web-api:9"), of("web:3"), of("web:2")}}, nil
		},
		"ListClusters":     say(&ecs.ListClustersOutput{ClusterArns: []string{"c"}}),
		"ListServices":     say(&ecs.ListServicesOutput{ServiceArns: []string{"s"}}),
		"DescribeServices": say(&ecs.DescribeServicesOutput{Services: []types.Service{{TaskDefinition: aws.String(of("web:3")), Deployments: []types.Deployment{{TaskDefinition: aws.String(of("web:1"))}}}}}),
		"DescribeTaskDefinition": say(&ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
			{Environment: []types.KeyValuePair{{Name: aws.String("PASSWORD"), Value: aws.String("hunter2-hunter2")}, {Name: aws.String("A"), Value: aws.String("b")}}}}}}),
	})
	got, err := gathered(listTaskDefinitions(context.Background(), c))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{of("web:3"), of("web:1")}; !slices.Equal(*got, want) {
		t.Errorf("listed %v; want %v", *got, want)
	}
	a := askTaskDefinition(context.Background(), c, of("web:3"))
	stated{"plaintext_secrets": 1}.check(t, taskDefinitionFacts(here, a))
	if n := calls("ListTaskDefinitions"); n != 2 {
		t.Errorf("%d calls for two families", n)
	}
	for _, missing := range []string{"ListTaskDefinitionFamilies", "ListTaskDefinitions", "ListClusters"} {
		lines := script{"ListTaskDefinitionFamilies": say(&ecs.ListTaskDefinitionFamiliesOutput{Families: []string{"web"}}),
			"ListTaskDefinitions": say(&ecs.ListTaskDefinitionsOutput{}), "ListClusters": say(&ecs.ListClustersOutput{})}
		delete(lines, missing)
		c, _ := scripted(t, "us-east-1", lines)
		if _, err := gathered(listTaskDefinitions(context.Background(), c)); err == nil {
			t.Errorf("without %s the listing looks complete", missing)
		}
	}
}
