package aws

import (
	"context"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"
)

// budget bounds how fast each API of each region is called, so that a collection never eats what the customer's own
// programs need of the account's limits.
type budget struct {
	perSecond rate.Limit
	timeout   time.Duration

	mu    sync.Mutex
	byAPI map[string]*rate.Limiter
}

func newBudget(perSecond float64, timeout time.Duration) *budget {
	if perSecond <= 0 {
		perSecond = 20
	}
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	return &budget{perSecond: rate.Limit(perSecond), timeout: timeout, byAPI: map[string]*rate.Limiter{}}
}

func (b *budget) limiter(api string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.byAPI[api]
	if l == nil {
		l = rate.NewLimiter(b.perSecond, max(int(b.perSecond), 1))
		b.byAPI[api] = l
	}
	return l
}

// install adds the budget and the deadline around each attempt, retries included.
func (b *budget) install(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("PlumblineBudget",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			api := awsmiddleware.GetServiceID(ctx) + "@" + awsmiddleware.GetRegion(ctx)
			if err := b.limiter(api).Wait(ctx); err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, err
			}
			ctx, cancel := context.WithTimeout(ctx, b.timeout)
			defer cancel()
			return next.HandleFinalize(ctx, in)
		}), middleware.After)
}
