package aws

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"github.com/plumbline-posture/plumbline/collectors/inventory"
)

// quotaServices are the services whose quotas stop an account from growing: addresses, machines, cores, balancers.
var quotaServices = []string{"ec2", "vpc", "elasticloadbalancing"}

// quotaUse are the quotas of a region that report how much of them is used.
type quotaUse struct {
	Quotas []usedQuota `json:"quotas,omitempty"`
}

type usedQuota struct {
	Code  string  `json:"code"`
	Limit float64 `json:"limit"`
	Used  float64 `json:"used"`
}

func askQuotas(ctx context.Context, c *Clients) []regionAnswer[quotaUse] {
	return everyRegion(ctx, c, "ListServiceQuotas", "servicequotas:ListServiceQuotas",
		func(ctx context.Context, region string) (*quotaUse, error) {
			var metered []types.ServiceQuota
			for _, service := range quotaServices {
				p := servicequotas.NewListServiceQuotasPaginator(c.ServiceQuotas, &servicequotas.ListServiceQuotasInput{
					ServiceCode: aws.String(service), MaxResults: aws.Int32(100),
				})
				for p.HasMorePages() {
					page, err := p.NextPage(ctx, func(o *servicequotas.Options) { o.Region = region })
					if err != nil {
						return nil, err
					}
					for _, q := range page.Quotas {
						if q.UsageMetric != nil && aws.ToString(q.UsageMetric.MetricName) != "" && aws.ToFloat64(q.Value) > 0 {
							metered = append(metered, q)
						}
					}
				}
			}
			return usedOf(ctx, c, region, metered)
		})
}

// metricsAtOnce is how many metrics one call may ask for.
const metricsAtOnce = 500

// usedOf reads how much of each quota was used lately; what reported nothing is not in use.
func usedOf(ctx context.Context, c *Clients, region string, quotas []types.ServiceQuota) (*quotaUse, error) {
	out := &quotaUse{}
	until := time.Now().UTC().Truncate(time.Hour)
	for len(quotas) > 0 {
		part := quotas[:min(len(quotas), metricsAtOnce)]
		quotas = quotas[len(part):]
		p := cloudwatch.NewGetMetricDataPaginator(c.CloudWatch, &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(until.Add(-24 * time.Hour)), EndTime: aws.Time(until), MetricDataQueries: usageQueries(part),
		})
		used := map[string]float64{}
		for p.HasMorePages() {
			page, err := p.NextPage(ctx, func(o *cloudwatch.Options) { o.Region = region })
			if err != nil {
				return nil, during("GetMetricData", "cloudwatch:GetMetricData", err)
			}
			for _, r := range page.MetricDataResults {
				for _, v := range r.Values {
					used[aws.ToString(r.Id)] = max(used[aws.ToString(r.Id)], v)
				}
			}
		}
		for i, q := range part {
			if v, ok := used[queryID(i)]; ok {
				out.Quotas = append(out.Quotas, usedQuota{aws.ToString(q.QuotaCode), aws.ToFloat64(q.Value), v})
			}
		}
	}
	return out, nil
}

func queryID(i int) string { return fmt.Sprintf("q%d", i) }

func usageQueries(quotas []types.ServiceQuota) []cwtypes.MetricDataQuery {
	out := make([]cwtypes.MetricDataQuery, 0, len(quotas))
	for i, q := range quotas {
		m := q.UsageMetric
		metric := &cwtypes.Metric{MetricName: m.MetricName, Namespace: m.MetricNamespace}
		for name, value := range m.MetricDimensions {
			metric.Dimensions = append(metric.Dimensions, cwtypes.Dimension{Name: aws.String(name), Value: aws.String(value)})
		}
		stat := aws.ToString(m.MetricStatisticRecommendation)
		if stat == "" {
			stat = "Maximum"
		}
		out = append(out, cwtypes.MetricDataQuery{
			Id: aws.String(queryID(i)), MetricStat: &cwtypes.MetricStat{Metric: metric, Period: aws.Int32(3600), Stat: aws.String(stat)},
		})
	}
	return out
}

// quotaFacts states the smallest free share. A region that did not answer may hold a smaller one.
func quotaFacts(r *inventory.Resource, facts *inventory.CloudAccount, regions []regionAnswer[quotaUse]) {
	if len(regions) == 0 {
		r.SetUnknown(inventory.Unknown{Cause: inventory.CauseNotCollected, Action: "ListServiceQuotas", Permission: "servicequotas:ListServiceQuotas"}, "quota_headroom_percent")
		return
	}
	facts.QuotaHeadroomPercent = 100
	for _, region := range regions {
		if why := region.Answer.Unknown(); why != nil {
			r.SetUnknown(*why, "quota_headroom_percent")
			return
		}
		if region.Answer.Value == nil {
			continue
		}
		for _, q := range region.Answer.Value.Quotas {
			facts.QuotaHeadroomPercent = min(facts.QuotaHeadroomPercent, max(0, 100*(1-q.Used/q.Limit)))
		}
	}
	r.Known("quota_headroom_percent")
}
