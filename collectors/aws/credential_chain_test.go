package aws

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestCredentialsOfTheDefaultChain reaches an organisation and an account in it with what the SDK finds by itself: the
// token of a workload, keys of the environment, and a profile. Nothing of these is given to a connection, which holds a
// role and the word its trust asks for.
func TestCredentialsOfTheDefaultChain(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	none := map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-central-1", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": ""}
	for name, tt := range map[string]struct {
		setting map[string]string
		first   string
	}{
		"the token of a workload": {map[string]string{"AWS_ROLE_ARN": managingRole, "AWS_WEB_IDENTITY_TOKEN_FILE": write("token", "signed by the platform")},
			managingRole + " by token signed by the platform"},
		"keys of the environment": {map[string]string{"AWS_ACCESS_KEY_ID": "OF" + managing, "AWS_SECRET_ACCESS_KEY": "s"}, ""},
		"a profile": {map[string]string{"AWS_PROFILE": "reader", "AWS_SHARED_CREDENTIALS_FILE": write("credentials",
			"[reader]\naws_access_key_id = OF"+managing+"\naws_secret_access_key = s\n")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for k, v := range none {
				t.Setenv(k, v)
			}
			for k, v := range tt.setting {
				t.Setenv(k, v)
			}
			s := newWire()
			t.Setenv("AWS_ENDPOINT_URL", s.serve(t).Endpoint)
			o, err := ConnectOrganization(t.Context(), Connection{MemberRole: "reader", ExternalID: "the word", Attempts: 1})
			if err != nil {
				t.Fatal(err)
			}
			members, row := o.Members(t.Context(), sixOnMarchFirst)
			if !row.Complete || len(members) != 2 || members[0].Role != "" {
				t.Fatalf("%+v %+v", members, row)
			}
			a, err := Connect(t.Context(), Connection{Account: members[1].Scope.Account(), Member: true, RoleARN: members[1].Role,
				ExternalID: "the word", Attempts: 1})
			if err != nil || a.barred != nil || a.Scope() != members[1].Scope {
				t.Fatalf("%+v %v", a, err)
			}
			// The same credentials are asked for anew for each connection; the role comes last.
			want := []string{"arn:aws:iam::222222222222:role/reader the word"}
			if tt.first != "" {
				want = []string{tt.first, tt.first, want[0]}
			}
			if fmt.Sprint(s.assumed) != fmt.Sprint(want) {
				t.Errorf("assumed %v, want %v", s.assumed, want)
			}
		})
	}
}
