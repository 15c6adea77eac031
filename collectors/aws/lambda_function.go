package aws

import (
	"context"
	"iter"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, lambdaItem, lambdaAnswers]{
	Kind:  "aws.lambda.function",
	Class: inventory.ClassServerlessApp,
	Permissions: append([]string{
		"lambda:ListFunctions", "lambda:GetFunctionConfiguration", "lambda:GetPolicy", "lambda:ListFunctionUrlConfigs",
		"lambda:ListTags",
	}, rolePermissions...),
	ListAction: "ListFunctions", ListPermission: "lambda:ListFunctions",
	List:  listFunctions,
	Find:  findFunction,
	Ask:   askFunction,
	Facts: functionFacts,
})

// lambdaItem is a function with what its listing remembers.
type lambdaItem struct {
	function types.FunctionConfiguration
	roles    *once[roleHolds]
}

// lambdaFunction is what is kept of a function's settings. Its variables are searched for secrets and let go.
type lambdaFunction struct {
	ARN, Name, Role, Runtime string
	Image                    bool
	Subnets                  []string `json:",omitempty"`
	LogGroup                 string   `json:",omitempty"`
}

// functionURL is an address of a function, as far as it says who may call.
type functionURL struct {
	Function, AuthType string
	Host               string   `json:",omitempty"`
	Origins            []string `json:",omitempty"`
}

// lambdaAnswers is all that is said about one function.
type lambdaAnswers struct {
	Function  lambdaFunction
	Support   *runtimeSupport
	Variables collectors.Answer[collectors.PlainValues]
	Policy    collectors.Answer[lambda.GetPolicyOutput]
	URLs      collectors.Answer[[]functionURL]
	Logs      collectors.Answer[roleHolds]
	Tags      collectors.Answer[map[string]string]
}

func listFunctions(ctx context.Context, c *Clients) iter.Seq2[lambdaItem, error] {
	roles := &once[roleHolds]{}
	p := lambda.NewListFunctionsPaginator(c.Lambda, &lambda.ListFunctionsInput{MaxItems: aws.Int32(50)})
	return listed(ctx, p, func(o *lambda.ListFunctionsOutput) []lambdaItem {
		items := make([]lambdaItem, 0, len(o.Functions))
		for _, f := range o.Functions {
			items = append(items, lambdaItem{f, roles})
		}
		return items
	})
}

func findFunction(ctx context.Context, c *Clients, id string) iter.Seq2[lambdaItem, error] {
	return single(func() (lambdaItem, error) {
		out, err := c.Lambda.GetFunctionConfiguration(ctx,
			&lambda.GetFunctionConfigurationInput{FunctionName: aws.String(id)})
		if err != nil {
			return lambdaItem{}, err
		}
		f := types.FunctionConfiguration{
			FunctionArn: out.FunctionArn, FunctionName: out.FunctionName, Role: out.Role, Runtime: out.Runtime,
			PackageType: out.PackageType, VpcConfig: out.VpcConfig, LoggingConfig: out.LoggingConfig,
			Environment: out.Environment,
		}
		return lambdaItem{f, &once[roleHolds]{}}, nil
	}, "ResourceNotFoundException")
}

func askFunction(ctx context.Context, c *Clients, i lambdaItem) lambdaAnswers {
	f := narrowFunction(i.function)
	a := lambdaAnswers{Function: f, Support: runtimeSupportAt(f.Runtime, time.Now())}
	a.Variables = ask("ListFunctions", "lambda:ListFunctions", func() (*collectors.PlainValues, error) {
		return functionVariables(i.function.Environment)
	})
	a.Policy = ask("GetPolicy", "lambda:GetPolicy", func() (*lambda.GetPolicyOutput, error) {
		out, err := c.Lambda.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String(f.ARN)})
		if err != nil {
			return nil, absent(err, "ResourceNotFoundException")
		}
		return &lambda.GetPolicyOutput{Policy: out.Policy}, nil
	})
	a.URLs = ask("ListFunctionUrlConfigs", "lambda:ListFunctionUrlConfigs", func() (*[]functionURL, error) {
		urls, err := functionURLs(ctx, c, f.ARN)
		return urls, absent(err, "ResourceNotFoundException")
	})
	a.Logs = i.roles.ask(f.Role, func() collectors.Answer[roleHolds] { return askLogRights(ctx, c, f.Role) })
	a.Tags = ask("ListTags", "lambda:ListTags", func() (*map[string]string, error) {
		out, err := c.Lambda.ListTags(ctx, &lambda.ListTagsInput{Resource: aws.String(f.ARN)})
		if err != nil {
			return nil, err
		}
		return &out.Tags, nil
	})
	return a
}

func narrowFunction(f types.FunctionConfiguration) lambdaFunction {
	out := lambdaFunction{
		ARN: aws.ToString(f.FunctionArn), Name: aws.ToString(f.FunctionName), Role: aws.ToString(f.Role),
		Runtime: string(f.Runtime), Image: f.PackageType == types.PackageTypeImage,
	}
	if f.VpcConfig != nil {
		out.Subnets = f.VpcConfig.SubnetIds
	}
	if f.LoggingConfig != nil {
		out.LogGroup = aws.ToString(f.LoggingConfig.LogGroup)
	}
	return out
}

// functionVariables searches the variables of a function. Without the right to the key that encrypts them the listing
// holds an error in their place.
func functionVariables(e *types.EnvironmentResponse) (*collectors.PlainValues, error) {
	found := &collectors.PlainValues{}
	if e == nil {
		return found, nil
	}
	if e.Error != nil {
		reason := collectors.Reason{Cause: inventory.CauseFailed, Code: aws.ToString(e.Error.ErrorCode)}
		if denied[reason.Code] {
			reason.Cause, reason.Cure = inventory.CauseDenied, "kms:Decrypt"
		}
		return nil, &collectors.Failure{Reason: reason, Err: errVariables}
	}
	found.LookAll(e.Variables)
	return found, nil
}

func functionURLs(ctx context.Context, c *Clients, arn string) (*[]functionURL, error) {
	p := lambda.NewListFunctionUrlConfigsPaginator(c.Lambda,
		&lambda.ListFunctionUrlConfigsInput{FunctionName: aws.String(arn)})
	return gathered(listed(ctx, p, func(o *lambda.ListFunctionUrlConfigsOutput) []functionURL {
		out := make([]functionURL, 0, len(o.FunctionUrlConfigs))
		for _, u := range o.FunctionUrlConfigs {
			out = append(out, narrowURL(u))
		}
		return out
	}))
}

func narrowURL(u types.FunctionUrlConfig) functionURL {
	kept := functionURL{Function: aws.ToString(u.FunctionArn), AuthType: string(u.AuthType)}
	if at, err := url.Parse(aws.ToString(u.FunctionUrl)); err == nil {
		kept.Host = at.Hostname()
	}
	if u.Cors != nil {
		kept.Origins = u.Cors.AllowOrigins
	}
	return kept
}

func functionFacts(w collectors.Where, a lambdaAnswers) *inventory.Resource {
	f := a.Function
	facts := &inventory.ServerlessApp{HTTPSOnly: true}
	r := inventory.New(f.ARN, f.Name, w.Region, facts)
	defer leftOut(r, "ListFunctions", "lambda:ListFunctions")
	tagFacts(r, a.Tags)
	// The service answers over TLS 1.2 and later only.
	r.SetInherent("https_only")
	r.SetNotApplicable("the service has no such channel", "management_channel_open")
	facts.NetworkAttached = len(f.Subnets) > 0
	r.Known("network_attached")
	collectors.Know(r, a.Variables, func(v *collectors.PlainValues) { facts.PlaintextSecrets = v.Count() }, "plaintext_secrets")
	functionSupportFact(r, facts, a)
	functionCallerFacts(r, facts, a)
	collectors.Know(r, a.Logs, func(v *roleHolds) { facts.AccessLogged = v != nil && v.Holds }, "access_logged")
	return r
}

func functionSupportFact(r *inventory.Resource, facts *inventory.ServerlessApp, a lambdaAnswers) {
	switch {
	case a.Function.Image:
		r.SetNotApplicable("the container image brings its own runtime", "version_supported")
	case a.Support == nil:
		r.SetUnknown(inventory.Unknown{
			Cause: inventory.CauseFailed, Code: "SupportNotTold", Action: "ListFunctions", Permission: "lambda:ListFunctions",
		}, "version_supported")
	default:
		facts.VersionSupported = !a.Support.Ended
		r.Known("version_supported")
	}
}

// functionCallerFacts states who may call the function. A policy that lets in everyone is enough for a yes, and so is
// an address that asks for no credential; a no takes both answers.
func functionCallerFacts(r *inventory.Resource, facts *inventory.ServerlessApp, a lambdaAnswers) {
	collectors.Know(r, a.URLs, func(v *[]functionURL) {
		if v == nil || len(*v) == 0 {
			return
		}
		for _, u := range *v {
			facts.Anonymous = facts.Anonymous || u.AuthType == string(types.FunctionUrlAuthTypeNone)
			facts.CORSAnyOrigin = facts.CORSAnyOrigin || contains(u.Origins, "*")
			facts.AnswersTo = append(facts.AnswersTo, answersTo(&u.Host)...)
		}
	}, "anonymous", "cors_any_origin", "answers_to")
	if a.URLs.Unknown() == nil && (a.URLs.Value == nil || len(*a.URLs.Value) == 0) {
		r.SetNotApplicable("has no address that a browser could call", "cors_any_origin")
	}
	if facts.Anonymous {
		return
	}
	urls := a.URLs.Unknown()
	doc, read := readPolicy(r, a.Policy,
		func(v *lambda.GetPolicyOutput) string { return aws.ToString(v.Policy) }, "anonymous")
	switch {
	case !read:
	case doc.public():
		facts.Anonymous = true
		r.Known("anonymous")
	case urls != nil:
		r.SetUnknown(*urls, "anonymous")
	}
}
