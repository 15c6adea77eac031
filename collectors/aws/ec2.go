package aws

import (
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// ec2Labels turns the tags of EC2 into labels.
func ec2Labels(tags []types.Tag) map[string]string {
	return labels(tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
}

// shortID is the last part of an ARN: what EC2's own calls take.
func shortID(id string) string {
	if i := strings.LastIndexAny(id, "/:"); i >= 0 {
		return id[i+1:]
	}
	return id
}

// gone ends a listing without an error when the provider says that the one resource asked for is not there.
func gone[T any](seq iter.Seq2[T, error], codes ...string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range seq {
			if err != nil && absent(err, codes...) != err {
				return
			}
			if !yield(item, err) {
				return
			}
		}
	}
}
