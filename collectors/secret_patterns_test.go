package collectors_test

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"strings"
	"testing"

	"github.com/plumbline-posture/plumbline/collectors"
)

// Shapes that scanners of this repository would take for real are put together from parts.
var (
	accessKey  = "AKIA" + "IOSFODNN7" + "EXAMPLE"
	secretKey  = strings.Repeat("wJalrXUtnF", 4)
	privateKey = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabcd+/==\n-----END RSA " + "PRIVATE KEY-----"
)

func TestFindSecrets(t *testing.T) {
	t.Parallel()
	one := func(name string) map[string]int { return map[string]int{name: 1} }
	for name, c := range map[string]struct {
		text string
		want map[string]int
	}{
		"nothing":                     {"#!/bin/bash\nyum install -y nginx\nsystemctl start nginx\n", nil},
		"empty":                       {"", nil},
		"access key":                  {"export AWS_ACCESS_KEY_ID=" + accessKey, one("aws_access_key")},
		"secret key":                  {"AWS_SECRET_ACCESS_KEY=" + secretKey + "\n", one("aws_secret_key")},
		"secret key in quotes":        {`aws_secret_key: "` + secretKey + `"`, one("aws_secret_key")},
		"pair of keys":                {"AWS_ACCESS_KEY_ID=" + accessKey + "\nAWS_SECRET_ACCESS_KEY=" + secretKey, map[string]int{"aws_access_key": 1, "aws_secret_key": 1}},
		"temporary key":               {"key: " + "ASIA" + "IOSFODNN7" + "EXAMPLE", one("aws_access_key")},
		"private key":                 {"cat > k <<X\n" + privateKey + "\nX", one("private_key")},
		"private key cut off":         {"-----BEGIN OPENSSH " + "PRIVATE KEY-----\nb3BlbnNzaC1r", one("private_key")},
		"two private keys":            {privateKey + "\n" + privateKey, map[string]int{"private_key": 2}},
		"public key":                  {"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", nil},
		"certificate":                 {"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", nil},
		"token of a forge":            {"git clone https://x:" + "ghp_" + strings.Repeat("a1B2", 9) + "@github.com/o/r", one("connection_string")},
		"bare token of a forge":       {"echo " + "ghp_" + strings.Repeat("a1B2", 9), one("token")},
		"signed token":                {"curl -b eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", one("token")},
		"chat token":                  {"SLACK=" + "xoxb-" + "1234567890-abcdefghij", one("token")},
		"password assigned":           {"DB_PASSWORD=hunter22", one("password")},
		"password in quotes":          {`password = 'correct horse'`, one("password")},
		"password in yaml":            {"db:\n  password: s3cr3tpw\n", one("password")},
		"password in json":            {`{"password": "s3cr3tpw"}`, one("password")},
		"password by flag":            {"mysql --password hunter22 -u root", one("password")},
		"new password by flag":        {"Set-ADAccountPassword -NewPassword hunter22 -Reset", one("password")},
		"password switched off":       {"psql --no-password -h db.internal", nil},
		"password to chpasswd":        {"echo 'root:hunter22' | chpasswd", one("password")},
		"password of powershell":      {`ConvertTo-SecureString "Pa55word!" -AsPlainText -Force`, one("password")},
		"two passwords":               {"a_password=hunter22\nb_password=hunter33", map[string]int{"password": 2}},
		"database url":                {"DATABASE_URL=postgres://app:hunter22@db.internal:5432/app", one("connection_string")},
		"storage account":             {"AccountName=a;AccountKey=" + strings.Repeat("Ab1+", 21) + "==;", one("connection_string")},
		"basic header":                {"curl -H 'Authorization: Basic YWRtaW46aHVudGVyMjI='", one("authorization_header")},
		"api key":                     {"API_KEY=0123456789abcdef", one("password")},
		"password of a variable":      {"export DB_PASSWORD=$DB_PASSWORD", nil},
		"password of a command":       {`DB_PASSWORD="$(aws ssm get-parameter --name /db)"`, nil},
		"password of a command, old":  {"DB_PASSWORD=`cat /run/secrets/db`", nil},
		"password of a template":      {"password: {{ db_password }}", nil},
		"password of terraform":       {"password = var.db_password", nil},
		"password of a secret store":  {"password: arn:aws:secretsmanager:eu-west-1:1:secret:db", nil},
		"password in a file":          {"password_file=/run/secrets/db", nil},
		"password by path":            {"--password /run/secrets/db", nil},
		"password policy":             {"password: required", nil},
		"password asked":              {"Enter your password: \n", nil},
		"password masked":             {"password=********", nil},
		"database url by variable":    {"postgres://app:$DB_PASSWORD@db.internal/app", nil},
		"database url without a word": {"postgres://db.internal:5432/app", nil},
		"url with a port":             {"curl https://example.com:8443/a@b", nil},
		"commit of forty letters":     {"git checkout 9069bfb04e818e51f484d860a249de0d578d4cf3", nil},
		"prose":                       {"# the password is kept in the vault, never here", nil},
		"key id that is too long":     {accessKey + "0123", nil},
		"passwordless":                {"PasswordAuthentication no\nPermitEmptyPasswords no", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := map[string]int{}
			for _, m := range collectors.FindSecrets(c.text) {
				got[m.Pattern] = m.Count
			}
			if len(got)+len(c.want) > 0 && !reflect.DeepEqual(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
		})
	}
}

func TestFindSecretsInPackedData(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("DB_PASSWORD=hunter22\n" + privateKey)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := collectors.FindSecretsIn(packed.Bytes())
	if err != nil || collectors.Matches(found) != 2 {
		t.Errorf("found %v, %v; want two secrets", found, err)
	}
	if _, err := collectors.FindSecretsIn(packed.Bytes()[:20]); err == nil {
		t.Error("packed data that is cut off was read as if it were whole")
	}
}

func TestFindSecretsNeverKeepsThem(t *testing.T) {
	t.Parallel()
	for _, m := range collectors.FindSecrets("password=hunter22 " + accessKey) {
		if strings.Contains(m.Pattern, "hunter") || strings.Contains(m.Pattern, "AKIA") {
			t.Errorf("match %+v holds the secret", m)
		}
	}
}
