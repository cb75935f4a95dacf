package e2e_test

import (
	"os"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// number gives the value of an expression that is a number.
func (p *tab) number(expression string) float64 {
	p.t.Helper()
	n, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](expression))
	require.NoError(p.t, err, expression)
	return n
}

// modules runs the tests of the console's functions, which stand in a file of their own, in the page.
func (p *tab) modules() {
	p.t.Helper()
	script, err := os.ReadFile("testdata/modules.js")
	require.NoError(p.t, err)
	said, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](string(script), chromedp.EvalAwaitPromise))
	require.NoError(p.t, err)
	require.Regexp(p.t, `^\d\d+ checks hold$`, said)
}
