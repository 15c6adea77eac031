package aws

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/plumbline-posture/plumbline/collectors"
)

// dbParameters is what one parameter group says of the switches that facts are made of. A group holds hundreds of
// others, which are counted and not kept.
type dbParameters struct {
	Listed int
	// Values holds the switches the group has; nil stands for one that is left at the engine's default.
	Values map[string]*string
}

// watchedParameters are the switches that facts are made of.
var watchedParameters = map[string]bool{
	"rds.force_ssl": true, "require_secure_transport": true, "tls": true, "neptune_enforce_ssl": true,
	"ssl_min_protocol_version": true, "tls_version": true, "rds.tls10": true, "rds.tls11": true, "rds.tls12": true,
	"log_connections": true, "log_statement": true, "pgaudit.log": true, "shared_preload_libraries": true,
	"server_audit_logging": true, "server_audit_events": true, "audit_trail": true, "audit_logs": true,
	"neptune_enable_audit_log": true,
	"local_infile":             true, "cross db ownership chaining": true, "contained database authentication": true,
	"external scripts enabled": true, "remote access": true, "xp_cmdshell": true, "3625": true,
}

func (p *dbParameters) add(listed []types.Parameter) {
	if p.Values == nil {
		p.Values = map[string]*string{}
	}
	for _, v := range listed {
		p.Listed++
		if name := strings.ToLower(aws.ToString(v.ParameterName)); watchedParameters[name] {
			p.Values[name] = v.ParameterValue
		}
	}
}

// value is what a switch was set to. set is false where the engine's default stands, has where the group knows no such
// switch.
func (p *dbParameters) value(name string) (value string, set, has bool) {
	v, has := p.Values[name]
	if v == nil {
		return "", false, has
	}
	return *v, true, true
}

// on says whether a switch was set and not to one of the words for off.
func (p *dbParameters) on(name string) bool {
	v, set, _ := p.value(name)
	return set && isOn(v)
}

func isOn(v string) bool {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "", "0", "off", "false", "no", "none", "disabled":
		return false
	}
	return true
}

func (l *rdsListing) parameterGroup(ctx context.Context, c *Clients, group string) collectors.Answer[dbParameters] {
	return l.parameters.ask(group, func() collectors.Answer[dbParameters] {
		return ask("DescribeDBParameters", "rds:DescribeDBParameters", func() (*dbParameters, error) {
			p := rds.NewDescribeDBParametersPaginator(c.RDS, &rds.DescribeDBParametersInput{
				DBParameterGroupName: aws.String(group),
			})
			all := &dbParameters{}
			for p.HasMorePages() {
				out, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				all.add(out.Parameters)
			}
			return all, nil
		})
	})
}

func (l *rdsListing) clusterParameterGroup(ctx context.Context, c *Clients, group string) collectors.Answer[dbParameters] {
	return l.clusterParameters.ask(group, func() collectors.Answer[dbParameters] {
		return ask("DescribeDBClusterParameters", "rds:DescribeDBClusterParameters", func() (*dbParameters, error) {
			p := rds.NewDescribeDBClusterParametersPaginator(c.RDS, &rds.DescribeDBClusterParametersInput{
				DBClusterParameterGroupName: aws.String(group),
			})
			all := &dbParameters{}
			for p.HasMorePages() {
				out, err := p.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				all.add(out.Parameters)
			}
			return all, nil
		})
	})
}

// dbOptions maps the options of an option group to their settings. Oracle keeps its encryption there, and MySQL,
// MariaDB and SQL Server their audit.
type dbOptions map[string]map[string]string

// optionSettings are the settings that facts are made of; others may hold what nobody should keep.
var optionSettings = map[string]bool{
	"SQLNET.ENCRYPTION_SERVER": true, "SQLNET.SSL_VERSION": true, "SERVER_AUDIT_EVENTS": true, "SERVER_AUDIT": true,
}

func (l *rdsListing) optionGroup(ctx context.Context, c *Clients, group string) collectors.Answer[dbOptions] {
	return l.options.ask(group, func() collectors.Answer[dbOptions] {
		return ask("DescribeOptionGroups", "rds:DescribeOptionGroups", func() (*dbOptions, error) {
			out, err := c.RDS.DescribeOptionGroups(ctx, &rds.DescribeOptionGroupsInput{OptionGroupName: aws.String(group)})
			if err != nil {
				return nil, err
			}
			return optionsOf(out.OptionGroupsList), nil
		})
	})
}

func optionsOf(groups []types.OptionGroup) *dbOptions {
	all := dbOptions{}
	for _, g := range groups {
		for _, o := range g.Options {
			settings := map[string]string{}
			for _, s := range o.OptionSettings {
				if name := aws.ToString(s.Name); optionSettings[name] {
					settings[name] = aws.ToString(s.Value)
					if s.Value == nil {
						settings[name] = aws.ToString(s.DefaultValue)
					}
				}
			}
			all[aws.ToString(o.OptionName)] = settings
		}
	}
	return &all
}

// usesOptions says whether facts about the engine rest on its option group.
func usesOptions(engine string) bool {
	switch engineOf(engine) {
	case engineOracle, engineSQLServer, engineMariaDB:
		return true
	case engineMySQL:
		return engine == "mysql"
	}
	return false
}
