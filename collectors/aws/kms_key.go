package aws

import (
	"context"
	"iter"
	"sort"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/plumbline-posture/plumbline/collectors"
	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

var _ = collectors.Register(&Sources, collectors.Source[*Clients, keyItem, keyAnswers]{
	Kind:  "aws.kms.key",
	Class: inventory.ClassEncryptionKey,
	Permissions: []string{
		"kms:ListKeys", "kms:ListAliases", "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetKeyPolicy", "kms:ListGrants", "kms:ListResourceTags",
	},
	ListAction: "ListKeys", ListPermission: "kms:ListKeys",
	List:  listKeys,
	Find:  findKey,
	Ask:   askKey,
	Facts: keyFacts,
})

// keyItem is a key as the region's listing names it.
type keyItem struct {
	ID  string `json:"id"`
	ARN string `json:"arn"`
}

// keyAnswers is all that KMS says about one key. A key that AWS manages is only described: the rest of it is not the
// customer's to change.
type keyAnswers struct {
	Key      keyItem
	Describe collectors.Answer[kms.DescribeKeyOutput]
	Aliases  collectors.Answer[keyAliases]
	Rotation collectors.Answer[kms.GetKeyRotationStatusOutput]
	Policy   collectors.Answer[kms.GetKeyPolicyOutput]
	Grants   collectors.Answer[keyGrants]
	Tags     collectors.Answer[keyTags]
}

type keyAliases struct {
	ARNs  []string `json:"arns,omitempty"`
	Names []string `json:"names,omitempty"`
}

// keyGrants are the principals that grants of the key let use it.
type keyGrants struct {
	Grantees []string `json:"grantees,omitempty"`
}

type keyTags struct {
	Tags []types.Tag `json:"tags,omitempty"`
}

func listKeys(ctx context.Context, c *Clients) iter.Seq2[keyItem, error] {
	p := kms.NewListKeysPaginator(c.KMS, &kms.ListKeysInput{Limit: aws.Int32(1000)})
	return paged(ctx, p.HasMorePages,
		func(ctx context.Context) (*kms.ListKeysOutput, error) { return p.NextPage(ctx) },
		func(o *kms.ListKeysOutput) []keyItem {
			keys := make([]keyItem, 0, len(o.Keys))
			for _, k := range o.Keys {
				keys = append(keys, keyItem{ID: aws.ToString(k.KeyId), ARN: aws.ToString(k.KeyArn)})
			}
			return keys
		})
}

// findKey yields nothing for a key that is gone; one that may not be described is still there.
func findKey(ctx context.Context, c *Clients, id string) iter.Seq2[keyItem, error] {
	return func(yield func(keyItem, error) bool) {
		_, err := c.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(id)})
		if !isAbsent(err, "NotFoundException") {
			yield(keyItem{ID: shortID(id), ARN: id}, nil)
		}
	}
}

func askKey(ctx context.Context, c *Clients, k keyItem) keyAnswers {
	id := aws.String(k.ID)
	a := keyAnswers{Key: k}
	a.Describe = ask("DescribeKey", "kms:DescribeKey", func() (*kms.DescribeKeyOutput, error) {
		return c.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: id})
	})
	a.Aliases = ask("ListAliases", "kms:ListAliases", func() (*keyAliases, error) { return aliasesOf(ctx, c, k.ID) })
	if a.manager() == "provider" {
		return a
	}
	a.Rotation = ask("GetKeyRotationStatus", "kms:GetKeyRotationStatus", func() (*kms.GetKeyRotationStatusOutput, error) {
		out, err := c.KMS.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: id})
		return out, absent(err, "UnsupportedOperationException", "KMSInvalidStateException")
	})
	a.Policy = ask("GetKeyPolicy", "kms:GetKeyPolicy", func() (*kms.GetKeyPolicyOutput, error) {
		return c.KMS.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: id, PolicyName: aws.String("default")})
	})
	a.Grants = ask("ListGrants", "kms:ListGrants", func() (*keyGrants, error) { return granteesOf(ctx, c, k.ID) })
	a.Tags = ask("ListResourceTags", "kms:ListResourceTags", func() (*keyTags, error) {
		out := &keyTags{}
		p := kms.NewListResourceTagsPaginator(c.KMS, &kms.ListResourceTagsInput{KeyId: id})
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			out.Tags = append(out.Tags, page.Tags...)
		}
		return out, nil
	})
	return a
}

func aliasesOf(ctx context.Context, c *Clients, key string) (*keyAliases, error) {
	out := &keyAliases{}
	p := kms.NewListAliasesPaginator(c.KMS, &kms.ListAliasesInput{KeyId: aws.String(key)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, alias := range page.Aliases {
			out.ARNs = append(out.ARNs, aws.ToString(alias.AliasArn))
			out.Names = append(out.Names, aws.ToString(alias.AliasName))
		}
	}
	return out, nil
}

func granteesOf(ctx context.Context, c *Clients, key string) (*keyGrants, error) {
	set := map[string]bool{}
	p := kms.NewListGrantsPaginator(c.KMS, &kms.ListGrantsInput{KeyId: aws.String(key)})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.Grants {
			set[aws.ToString(g.GranteePrincipal)] = true
		}
	}
	out := &keyGrants{}
	for principal := range set {
		out.Grantees = append(out.Grantees, principal)
	}
	sort.Strings(out.Grantees)
	return out, nil
}

// manager is provider or customer; empty when the key could not be described.
func (a keyAnswers) manager() string {
	if a.Describe.Value == nil || a.Describe.Value.KeyMetadata == nil {
		return ""
	}
	switch a.Describe.Value.KeyMetadata.KeyManager {
	case types.KeyManagerTypeAws:
		return "provider"
	case types.KeyManagerTypeCustomer:
		return "customer"
	}
	return ""
}

func keyFacts(w collectors.Where, a keyAnswers) *inventory.Resource {
	facts := &inventory.EncryptionKey{}
	name := a.Key.ID
	if a.Aliases.Value != nil && len(a.Aliases.Value.Names) > 0 {
		name = a.Aliases.Value.Names[0]
	}
	r := inventory.New(a.Key.ARN, name, w.Region, facts)
	collectors.Know(r, a.Aliases, func(v *keyAliases) {
		if v != nil {
			facts.Aliases = v.ARNs
		}
	}, "aliases")
	r.SetNotApplicable("the service has no network switch; the key policy is the guard", "network_restricted")
	facts.Manager = a.manager()
	switch facts.Manager {
	case "provider":
		providerKeyFacts(r)
		return r
	case "customer":
		r.Known("manager")
	default:
		r.SetUnknown(describeUnread(a, "KeyManager"), "manager")
	}
	keyKindFacts(r, facts, a)
	keyPolicyFacts(r, facts, w, a)
	collectors.Know(r, a.Rotation, func(v *kms.GetKeyRotationStatusOutput) {
		if v == nil || !v.KeyRotationEnabled {
			return
		}
		// A year is the period of every key that was given no other.
		facts.RotationDays = 365
		if v.RotationPeriodInDays != nil {
			facts.RotationDays = int64(*v.RotationPeriodInDays)
		}
	}, "rotation_days")
	collectors.Know(r, a.Tags, func(v *keyTags) {
		if v != nil {
			r.Labels = labels(v.Tags, func(t types.Tag) (*string, *string) { return t.TagKey, t.TagValue })
			if name == a.Key.ID {
				r.Name = nameOr(r.Labels, name)
			}
		}
	}, "labels_read")
	return r
}

// providerKeyFacts describes a key that AWS keeps for one of its services: nobody can delete it, rotate it or share it.
func providerKeyFacts(r *inventory.Resource) {
	r.Known("manager", "rotatable", "rotation_days", "principals")
	r.SetNotApplicable("AWS keeps the key and alone can change it",
		"rotated", "public", "deletion_guarded", "use_logged", "unknown_principals", "labels_read")
}

// describeUnread is why the description of a key does not tell a fact.
func describeUnread(a keyAnswers, field string) inventory.Unknown {
	if why := a.Describe.Unknown(); why != nil {
		return *why
	}
	return inventory.Unknown{Cause: inventory.CauseFailed, Action: a.Describe.Action, Permission: a.Describe.Permission, Code: "Missing" + field}
}

// keyKindFacts states whether the key is of a kind that rotates by itself, and whether it is on its way out.
func keyKindFacts(r *inventory.Resource, facts *inventory.EncryptionKey, a keyAnswers) {
	if a.Describe.Value == nil || a.Describe.Value.KeyMetadata == nil {
		r.SetUnknown(describeUnread(a, "KeyMetadata"), "rotatable", "deletion_guarded")
		return
	}
	k := a.Describe.Value.KeyMetadata
	leaving := k.KeyState == types.KeyStatePendingDeletion || k.KeyState == types.KeyStatePendingReplicaDeletion
	if k.KeyState == "" {
		r.SetUnknown(describeUnread(a, "KeyState"), "deletion_guarded")
	} else {
		// KMS waits at least seven days before it destroys a key.
		facts.DeletionGuarded = !leaving
		r.Known("deletion_guarded")
	}
	spec := string(k.KeySpec)
	if spec == "" {
		spec = string(k.CustomerMasterKeySpec) //nolint:staticcheck // older answers hold the old name only
	}
	switch {
	case k.Origin != "" && k.Origin != types.OriginTypeAwsKms, leaving, spec != "" && spec != "SYMMETRIC_DEFAULT":
		r.Known("rotatable")
	case k.Origin == "", spec == "", facts.Manager == "":
		r.SetUnknown(describeUnread(a, "KeySpec"), "rotatable")
	default:
		facts.Rotatable = true
		r.Known("rotatable")
	}
}

// keyPolicyFacts states whom the key's policy and its grants let in.
func keyPolicyFacts(r *inventory.Resource, facts *inventory.EncryptionKey, w collectors.Where, a keyAnswers) {
	if why := a.Policy.Unknown(); why != nil {
		r.SetUnknown(*why, "public", "principals")
		return
	}
	text := ""
	if a.Policy.Value != nil {
		text = aws.ToString(a.Policy.Value.Policy)
	}
	doc, err := parsePolicy(text)
	if err != nil {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseFailed, Action: a.Policy.Action, Permission: a.Policy.Permission, Code: "MalformedAnswer"},
			"public", "principals")
		return
	}
	facts.Public = doc.public()
	r.Known("public")
	collectors.Know(r, a.Grants, func(v *keyGrants) {
		set := map[string]bool{}
		for _, account := range doc.foreignAccounts(w.Scope.Account()) {
			set[account] = true
		}
		if v != nil {
			for _, grantee := range v.Grantees {
				if account := principalAccount(grantee); account != "" && account != w.Scope.Account() {
					set[account] = true
				}
			}
		}
		facts.Principals = make([]string, 0, len(set))
		for account := range set {
			facts.Principals = append(facts.Principals, account)
		}
		sort.Strings(facts.Principals)
	}, "principals")
}
