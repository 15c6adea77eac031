-- An estate for tests of the readers: seed.size resources of the tenant in plumbline.tenant, over its scopes, with
-- findings, their past, counts, statuses, scores and runs. Everything lies in 2025 and is the same on every run.

CREATE TEMP TABLE seed ON COMMIT DROP AS
SELECT i, t.tenant, (t.scopes)[1 + i % cardinality(t.scopes)] AS scope_id,
       md5(t.tenant::text || 'resource' || i)::uuid AS resource_id,
       md5(t.tenant::text || 'finding' || i)::uuid AS finding_id,
       (t.checks)[1 + i % cardinality(t.checks)] AS check_id,
       (ARRAY['object_storage', 'database', 'compute_instance', 'firewall'])[1 + i % 4] AS class,
       (ARRAY['aws.s3.bucket', 'azure.sql.database', 'gcp.compute.instance', 'aws.ec2.security-group'])[1 + i % 4] AS kind,
       (ARRAY['eu-central-1', 'westeurope', 'europe-west3', 'us-east-1'])[1 + i % 4] AS region,
       timestamptz '2025-12-01 00:00Z' - make_interval(days => i * 7919 % 300, secs => i) AS since
FROM   generate_series(1, current_setting('seed.size')::int) AS i,
       (SELECT current_setting('plumbline.tenant')::uuid AS tenant,
               (SELECT array_agg(id ORDER BY natural_id) FROM scopes WHERE tenant_id = current_setting('plumbline.tenant')::uuid) AS scopes,
               ARRAY['object-storage-public-access-blocked', 'database-not-public', 'instance-metadata-hardened',
                     'firewall-admin-port-world-open', 'object-storage-versioned'] AS checks) t;

INSERT INTO check_ordinals (check_id) SELECT DISTINCT check_id FROM seed ON CONFLICT DO NOTHING;

INSERT INTO resources (tenant_id, id, scope_id, kind, class, region, listing, natural_id, name, labels, carries_labels,
                       first_seen_at, valid_from, observed_at, hash, facts)
SELECT tenant, resource_id, scope_id, kind, class, region, region, 'id:' || tenant || '/' || i, 'thing-' || lpad(i::text, 6, '0'),
       '{"owner": "team"}', true, timestamptz '2025-01-01Z', timestamptz '2025-06-01Z', timestamptz '2025-12-31Z', '\x00',
       '{"known": {"versioning": true}, "not_applicable": {"archived": "not on this kind"},
         "unknown": {"public_by_policy": {"cause": "denied", "action": "GetBucketPolicyStatus", "permission": "s3:GetBucketPolicyStatus", "code": "AccessDenied"}}}'
FROM   seed;

INSERT INTO resource_versions (tenant_id, id, valid_from, valid_to, scope_id, kind, class, region, natural_id, name, labels,
                               carries_labels, placeholder, first_seen_at, observed_at, hash, facts)
SELECT tenant, resource_id, timestamptz '2025-01-01Z' + n * interval '30 days', least(timestamptz '2025-01-01Z' + (n + 1) * interval '30 days', timestamptz '2025-06-01Z'),
       scope_id, kind, class, region, 'id:' || tenant || '/' || i, 'thing-' || lpad(i::text, 6, '0'), '{}', true, false,
       timestamptz '2025-01-01Z', timestamptz '2025-05-01Z', '\x01', '{"known": {"versioning": false}}'
FROM   seed, generate_series(0, 5) AS n
WHERE  i % 2 = 0;

INSERT INTO derived_facts (tenant_id, resource_id, scope_id, valid_from, facts, rests_on, passed, inherited)
SELECT tenant, resource_id, scope_id, timestamptz '2025-06-01Z', '{"known": {"owner": "team"}}', '{}',
       ARRAY(SELECT ordinal FROM check_ordinals ORDER BY check_id LIMIT 2), ARRAY(SELECT ordinal FROM check_ordinals ORDER BY check_id LIMIT 1)
FROM   seed;

INSERT INTO findings (tenant_id, id, resource_id, scope_id, check_id, class, kind, region, resource_name, verdict,
                      base_severity, severity, state, since, resolved_at, valid_from, changed_at, reasons, unknown)
SELECT tenant, finding_id, resource_id, scope_id, check_id, class, kind, region, 'thing-' || lpad(i::text, 6, '0'),
       CASE WHEN i % 5 = 0 THEN 'unknown' ELSE 'fail' END, 1 + i / 5 % 4, 1 + i / 7 % 4,
       CASE i % 10 WHEN 3 THEN 'resolved' WHEN 4 THEN 'acknowledged' ELSE 'open' END,
       since, CASE WHEN i % 10 = 3 THEN since + interval '20 days' END, since + interval '10 days', since + interval '10 days',
       '[{"rule": "C1", "text": "It is reachable.", "severity": "high"}]',
       CASE WHEN i % 5 = 0 THEN '[{"fact": "public_by_policy", "cause": "denied", "action": "GetBucketPolicyStatus", "permission": "s3:GetBucketPolicyStatus", "code": "AccessDenied"}]'::jsonb END
FROM   seed;

INSERT INTO finding_versions (tenant_id, id, valid_from, valid_to, verdict, base_severity, severity, state, since, reasons, unknown)
SELECT tenant, finding_id, since, since + interval '10 days', 'fail', 1 + i / 5 % 4, 1 + i % 4, 'open', since, NULL, NULL
FROM   seed;

INSERT INTO finding_events (tenant_id, finding_id, at, what, cause, from_verdict, to_verdict, severity)
SELECT tenant, finding_id, since + n * interval '1 day', (ARRAY['opened', 'changed', 'changed'])[n + 1], 'new_resource', '', 'fail', 3
FROM   seed, generate_series(0, 2) AS n;

INSERT INTO tallies (tenant_id, scope_id, check_id, valid_from, valid_to, pass, inherited, fail_critical, fail_high, fail_medium, fail_low, excepted, unknown)
SELECT tenant, scope_id, check_id, p.valid_from, p.valid_to, 8, 1, p.n, 1, 0, 2, 1, 3
FROM   (SELECT DISTINCT tenant, scope_id, check_id FROM seed) s,
       (VALUES (timestamptz '2025-03-01Z', timestamptz '2025-06-01Z', 5), (timestamptz '2025-06-01Z', timestamptz 'infinity', 1)) AS p (valid_from, valid_to, n);

INSERT INTO control_statuses (tenant_id, framework, scope_id, control_id, valid_from, valid_to, status, because, pass_weight, total_weight, judged, asked)
SELECT t.tenant, f.framework, s.scope_id, f.control_id, p.valid_from, p.valid_to, p.status, p.because, 70, 100, 95, 100
FROM   (SELECT DISTINCT tenant FROM seed) t,
       (SELECT DISTINCT scope_id FROM seed UNION SELECT '00000000-0000-0000-0000-000000000000'::uuid) s,
       (VALUES ('iso27001-2022', 'A.8.20'), ('iso27001-2022', 'A.8.24'), ('iso27001-2013', 'A.13.1.1')) AS f (framework, control_id),
       (VALUES (timestamptz '2025-03-01Z', timestamptz '2025-06-01Z', 'not_evaluated', 'Nothing has been judged yet.'),
               (timestamptz '2025-06-01Z', timestamptz 'infinity', 'nonconforming', '3 unresolved fails.')) AS p (valid_from, valid_to, status, because);

INSERT INTO scores (tenant_id, framework, scope_id, valid_from, valid_to, pass_weight, total_weight, judged, asked, counts, statuses, movements)
SELECT t.tenant, f.framework, s.scope_id, timestamptz '2025-03-01Z' + n * interval '7 days',
       CASE WHEN n = 39 THEN timestamptz 'infinity' ELSE timestamptz '2025-03-01Z' + (n + 1) * interval '7 days' END,
       40 + n, 100, 90, 100, '{"pass": 40, "fail": {"critical": 1, "high": 2, "medium": 3, "low": 4}, "unknown": 10, "excepted": 1, "inherited": 5}',
       '{"conforming": 1, "nonconforming": 2}', jsonb_build_object('fixed', n, 'regressed', 1)
FROM   (SELECT DISTINCT tenant FROM seed) t,
       (SELECT DISTINCT scope_id FROM seed UNION SELECT '00000000-0000-0000-0000-000000000000'::uuid) s,
       (VALUES ('posture'), ('iso27001-2022'), ('iso27001-2013')) AS f (framework), generate_series(0, 39) AS n;

INSERT INTO ledgers (tenant_id, hash, rows)
SELECT DISTINCT tenant, '\xabcd'::bytea,
       '[{"scope": "aws:111111111111", "kind": "aws.s3.bucket", "region": "global", "complete": false, "listed": 3, "described": 2,
          "errors": [{"action": "ListBuckets", "code": "AccessDenied", "count": 1}]}]'::jsonb
FROM   seed;

INSERT INTO runs (tenant_id, id, scope_id, trigger, state, queued_at, began_at, ended_at, catalogue, listed, changed, removed, ledger)
SELECT tenant, md5(tenant::text || scope_id || 'run' || n)::uuid, scope_id, 'schedule', CASE WHEN n = 0 THEN 'partial' ELSE 'complete' END,
       timestamptz '2025-12-01Z' - n * interval '1 day', timestamptz '2025-12-01Z' - n * interval '1 day',
       timestamptz '2025-12-01 00:05Z' - n * interval '1 day', 'test', 3, 1, 0, '\xabcd'
FROM   (SELECT DISTINCT tenant, scope_id FROM seed) s, generate_series(0, 6) AS n;
