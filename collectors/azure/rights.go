package azure

import (
	"context"
	"regexp"
	"strings"
)

// grant is one line of what the caller may do on the subscription.
type grant struct {
	Actions    []string `json:"actions"`
	NotActions []string `json:"notActions"`
}

// permissionsRead is the right to ask for one's own rights.
const permissionsRead = "Microsoft.Authorization/permissions/read"

// permits returns an error unless the caller's rights on the whole subscription cover an action. Rights on single
// groups or resources do not: what lies beside them would be left out in silence.
func (c *Clients) permits(ctx context.Context, action string) error {
	grants, err := once(c, "rights", func() (*[]grant, error) {
		return all[grant](ctx, c, "/subscriptions/"+c.Subscription+"/providers/Microsoft.Authorization/permissions",
			"2022-04-01")
	})
	if err != nil {
		return err
	}
	for _, g := range *grants {
		if covers(g.Actions, action) && !covers(g.NotActions, action) {
			return nil
		}
	}
	return &errDenied{action}
}

// covers says whether any of the patterns matches an action. A star stands for any text, slashes included.
func covers(patterns []string, action string) bool {
	for _, p := range patterns {
		expression := "(?i)^" + strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*") + "$"
		if ok, err := regexp.MatchString(expression, action); err == nil && ok {
			return true
		}
	}
	return false
}
