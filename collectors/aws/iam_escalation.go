package aws

// escalations are the sets of actions by which a holder gives itself more rights: holding every action of one set is
// enough. A new way is a new line.
var escalations = [][]probe{
	{{action: "iam:CreatePolicyVersion"}},
	{{action: "iam:SetDefaultPolicyVersion"}},
	{{action: "iam:PutUserPolicy"}},
	{{action: "iam:PutGroupPolicy"}},
	{{action: "iam:PutRolePolicy"}},
	{{action: "iam:AttachUserPolicy"}},
	{{action: "iam:AttachGroupPolicy"}},
	{{action: "iam:AttachRolePolicy"}},
	{{action: "iam:UpdateAssumeRolePolicy"}},
	{{action: "iam:DeleteUserPermissionsBoundary"}},
	{{action: "iam:DeleteRolePermissionsBoundary"}},
	// On oneself these are the daily care of an own account; on others they are a way into theirs.
	{{action: "iam:AddUserToGroup", on: onAllOfType}},
	{{action: "iam:CreateAccessKey", on: onAllOfType}},
	{{action: "iam:CreateLoginProfile", on: onAllOfType}},
	{{action: "iam:UpdateLoginProfile", on: onAllOfType}},
	// A named role may hold less than oneself; every role does not.
	{{action: "sts:AssumeRole", on: onAllOfType}},
	{{action: "iam:PassRole", on: onAllOfType}},
	// A role passed to one service alone is an escalation where the holder runs code of its own there.
	passedTo("lambda.amazonaws.com", "lambda:CreateFunction"),
	passedTo("lambda.amazonaws.com", "lambda:UpdateFunctionCode"),
	passedTo("ec2.amazonaws.com", "ec2:RunInstances"),
	passedTo("ecs-tasks.amazonaws.com", "ecs:RegisterTaskDefinition"),
	passedTo("cloudformation.amazonaws.com", "cloudformation:CreateStack"),
	passedTo("glue.amazonaws.com", "glue:CreateJob"),
	passedTo("sagemaker.amazonaws.com", "sagemaker:CreateNotebookInstance"),
	passedTo("codebuild.amazonaws.com", "codebuild:CreateProject"),
	passedTo("datapipeline.amazonaws.com", "datapipeline:CreatePipeline"),
	passedTo("ssm.amazonaws.com", "ssm:StartAutomationExecution"),
}

func passedTo(service, action string) []probe {
	return []probe{{action: "iam:PassRole", on: onAllOfType, service: service}, {action: action}}
}

// escalates says whether the rights let their holder give itself more.
func (r rights) escalates() certainty {
	sure := no
	for _, set := range escalations {
		sure = max(sure, r.allOf(set...))
	}
	return sure
}

// everything stands for every action of the services that matter most, and of one that nobody has listed: whoever may
// call an action of each, by whatever wording, is unrestricted.
var everything = []probe{
	{action: "iam:AnyAction", on: onEverything}, {action: "sts:AnyAction", on: onEverything},
	{action: "kms:AnyAction", on: onEverything}, {action: "s3:AnyAction", on: onEverything},
	{action: "ec2:AnyAction", on: onEverything}, {action: "cloudtrail:AnyAction", on: onEverything},
	{action: "unlisted:AnyAction", on: onEverything},
}

// administers says whether the rights are every action on every resource.
func (r rights) administers() certainty { return r.allOf(everything...) }

// duties are pairs that one holder should not have together.
var duties = []struct {
	name  string
	sides [2][]probe
}{
	{"key_admin+key_use", [2][]probe{
		{{action: "kms:PutKeyPolicy"}, {action: "kms:ScheduleKeyDeletion"}},
		{{action: "kms:Decrypt"}},
	}},
	{"identity_admin+identity_use", [2][]probe{
		{{action: "iam:CreateRole"}, {action: "iam:PutRolePolicy"}, {action: "iam:AttachRolePolicy"}},
		{{action: "sts:AssumeRole"}},
	}},
	{"audit_admin+workload_admin", [2][]probe{
		{{action: "cloudtrail:StopLogging"}, {action: "cloudtrail:DeleteTrail"}, {action: "cloudtrail:PutEventSelectors"}},
		{{action: "ec2:RunInstances"}, {action: "ec2:TerminateInstances"}, {action: "lambda:UpdateFunctionCode"},
			{action: "ecs:UpdateService"}, {action: "rds:ModifyDBInstance"}, {action: "s3:DeleteObject"}},
	}},
}

// conflicts lists the pairs of duties the rights surely hold together; open says that there may be others.
func (r rights) conflicts() (pairs []string, open bool) {
	pairs = []string{}
	for _, d := range duties {
		sure := min(r.anyOf(d.sides[0]...), r.anyOf(d.sides[1]...))
		if sure == yes && d.name == "key_admin+key_use" && !r.sameResource(d.sides[0], d.sides[1]) {
			continue
		}
		switch sure {
		case yes:
			pairs = append(pairs, d.name)
		case maybe:
			open = true
		}
	}
	return pairs, open
}

// sameResource says whether some action of each side is granted on resources that overlap.
func (r rights) sameResource(a, b []probe) bool {
	for _, one := range r.resourcesOf(a) {
		for _, other := range r.resourcesOf(b) {
			if glob(one, other) || glob(other, one) {
				return true
			}
		}
	}
	return false
}

func (r rights) resourcesOf(probes []probe) []string {
	var out []string
	for _, s := range r.statements {
		for _, p := range probes {
			if s.Effect != "Allow" || !s.speaksOf(p.action) {
				continue
			}
			if len(s.NotResource) > 0 {
				out = append(out, "*")
			}
			out = append(out, s.Resource...)
		}
	}
	return out
}
