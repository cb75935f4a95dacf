package agents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// Tool is something that an agent may ask for: an intent, or a question to the platform.
type Tool struct {
	ports.ToolSpec
	// Permission is what the caller needs.
	Permission identity.Permission
	// Anonymous tells that a visitor may use it.
	Anonymous bool
	// Entry is the intent; its Spec.Type is empty for a question.
	Entry intents.Entry
	query query
}

// Changes reports whether the tool changes something.
func (t Tool) Changes() bool { return t.Permission != identity.PermRead }

// Privileged reports whether the tool needs a person's word whatever the posture says: it removes something, or acts on the tenant.
func (t Tool) Privileged() bool {
	return t.Permission != identity.PermRead && t.Permission != identity.PermWrite
}

// Fingerprint names the tool exactly as it is described: name, description and schema.
func (t Tool) Fingerprint() string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(t.Name), []byte(t.Description), t.Schema} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":"))
		h.Write(part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Tools are the tools of a deployment, by name. Names are unique also where case and look-alike forms are folded.
type Tools struct {
	byName map[string]Tool
	order  []string
	realms map[string][]string
}

// NewTools makes tools of the catalogue's open intents and the platform's own questions. Two names that fold into one are refused.
func NewTools(c *intents.Catalogue) (*Tools, error) {
	t := &Tools{byName: map[string]Tool{}, realms: map[string][]string{}}
	folded := map[string]string{}
	add := func(tool Tool, realm string) error {
		key := cases.Fold().String(norm.NFKC.String(tool.Name))
		if other, taken := folded[key]; taken {
			return fmt.Errorf("tools %q and %q have one name", tool.Name, other)
		}
		folded[key] = tool.Name
		t.byName[tool.Name] = tool
		t.order = append(t.order, tool.Name)
		t.realms[realm] = append(t.realms[realm], tool.Name)
		return nil
	}
	for _, q := range queries() {
		if err := add(q, ""); err != nil {
			return nil, err
		}
	}
	for _, e := range c.Entries() {
		if err := add(intentTool(e), e.Realm); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func intentTool(e intents.Entry) Tool {
	return Tool{
		ToolSpec:   ports.ToolSpec{Name: e.Spec.Type, Description: described(e.Spec), Schema: e.Spec.Schema},
		Permission: e.Spec.Permission, Anonymous: e.Spec.Anonymous, Entry: e,
	}
}

func described(s realm.IntentSpec) string {
	return strings.TrimSpace(s.Title+". "+s.Summary) + " Example: " + string(s.Example)
}

// Find gives a tool by its exact name.
func (t *Tools) Find(name string) (Tool, bool) {
	tool, ok := t.byName[name]
	return tool, ok
}

// Grant gives the names that a definition stands for. The platform's own questions belong to every agent that has any tool. What is not on
// this server is left out.
func (t *Tools) Grant(d agent.Definition) []string {
	if len(d.Tools) == 0 {
		return nil
	}
	wanted := slices.Clone(t.realms[""])
	for _, name := range d.Tools {
		if of, ok := strings.CutPrefix(name, "realm:"); ok {
			wanted = append(wanted, t.realms[of]...)
		} else if _, ok := t.byName[name]; ok {
			wanted = append(wanted, name)
		}
	}
	return slices.DeleteFunc(slices.Clone(t.order), func(name string) bool { return !slices.Contains(wanted, name) })
}

// Within gives what both grants hold: an agent that was asked by another never may more than that one.
func Within(grant, other []string) []string {
	return slices.DeleteFunc(slices.Clone(grant), func(name string) bool { return !slices.Contains(other, name) })
}

// arguments reads what an agent wrote as arguments: one JSON object without a key twice.
func arguments(raw []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	object := map[string]json.RawMessage{}
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, errArguments
	}
	for d.More() {
		token, err := d.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return nil, errArguments
		}
		if _, twice := object[key]; twice {
			return nil, errArguments
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, errArguments
		}
		object[key] = value
	}
	if token, err := d.Token(); err != nil || token != json.Delim('}') || d.More() {
		return nil, errArguments
	}
	return object, nil
}
