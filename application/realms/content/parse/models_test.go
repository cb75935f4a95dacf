package parse_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func TestProcedure(t *testing.T) {
	doc := fixture(t, "procedure.md")
	require.Equal(t, []string{"md", "sop", "5"}, []string{doc.Format, doc.ParsingType, fmt.Sprint(doc.Metadata.RecordCount)})
	sop := doc.SOP
	const section = "Policy Migration Procedure / Procedure"
	require.Equal(t, "Policy Migration Procedure", sop.Title)
	require.Equal(t, []string{"Analyst", "Team Lead"}, sop.Roles)
	require.Equal(t, []document.SOPStep{
		{Number: 1, Text: "Analyst: Extract the policy from the source.", Section: section, Level: 1, Actor: "Analyst"},
		{Number: 2, Text: "Compare the totals.", Section: section, Level: 1},
		{Number: 3, Text: `Mark differences with <a & "b">.`, Section: section, Level: 2},
		{Number: 4, Text: "Note: keep the old record.", Section: section, Level: 1},
		{Number: 5, Text: "Team Lead: Approve the migration.", Section: section, Level: 1, Actor: "Team Lead"},
	}, sop.Steps)
	require.Equal(t, []document.Checkpoint{
		{Text: "Totals agree", Section: "Policy Migration Procedure / Checklist"},
		{Text: "Backup exists", Done: true, Section: "Policy Migration Procedure / Checklist"},
	}, sop.Checkpoints)
	require.Len(t, sop.Sections, 5)
	require.Equal(t, "code:string meaning:string weight:integer", types(doc.Tables[0]))
	require.Contains(t, doc.Text, "This procedure moves one policy to the new system.")

	plain := mustRead(t, "a.md", "# Title\n\nSome *text*.\n")
	require.Nil(t, plain.SOP)
	require.Equal(t, []string{"unstructured", "2"}, []string{plain.ParsingType, fmt.Sprint(plain.Metadata.RecordCount)})
}

func TestHostileMarkdown(t *testing.T) {
	for name, c := range map[string]struct{ content, code string }{
		"quotes": {strings.Repeat(">", 100_000) + " x", "limit_exceeded"},
		"lists":  {strings.Repeat("- ", 100_000) + "x", "limit_exceeded"},
		"size":   {strings.Repeat("x", 9<<20), "limit_exceeded"},
		"markup": {"<!-- nothing -->", "empty_content"},
	} {
		refused(t, name+".md", []byte(c.content), c.code)
	}
	for _, mark := range []string{"[", "![", "*", "_a", "`a", "<", "](", "**a", "\\", "[a](", "|a", "&"} {
		_, err := read("a.md", []byte("x "+strings.Repeat(mark, 2_000)), parse.Options{}, parse.Limits{})
		require.NoError(t, err)
	}
}

func TestDataModel(t *testing.T) {
	doc := fixture(t, "customer.schema.json")
	require.Equal(t, []string{"json_schema", "data_model"}, []string{doc.Format, doc.ParsingType})
	m := doc.Schema
	paths := make([]string, 0, len(m.Properties))
	byPath := map[string]document.Property{}
	for _, p := range m.Properties {
		paths = append(paths, p.Path)
		byPath[p.Path] = p
	}
	require.Equal(t, []string{"id", "name", "status", "email", "address", "address.street", "address.city", "address.next", "orders", "orders[].total",
		"orders[].ship_to", "orders[].ship_to.street", "orders[].ship_to.city", "orders[].ship_to.next", "manager"}, paths)
	require.Equal(t, []string{"id", "address", "address.city", "orders[].total", "orders[].ship_to.city"}, m.Required)
	require.Equal(t, document.Property{Path: "name", Types: []string{"string", "null"}, Description: "Full name", Constraints: []string{"maxLength: 80"}}, byPath["name"])
	require.Equal(t, []string{"active", "blocked", "closed"}, byPath["status"].Enum)
	require.Equal(t, document.Property{Path: "address", Types: []string{"object"}, Required: true, Ref: "address"}, byPath["address"])
	require.Equal(t, []string{"json_schema", "Customer", "address"}, []string{m.Type, m.Title, m.Definitions[0].Name})
	require.True(t, warned(doc, "remote_reference"))
	require.Equal(t, 15, doc.Metadata.RecordCount)

	asked, err := parse.NewRegistry(parse.Limits{}).ParseAll(context.Background(), parse.Input{
		Body: bytes.NewReader([]byte(`{"properties":{"a":{"type":"string"}}}`)), Filename: "m.json", Profile: "data_model"}, parse.Options{TargetModel: "crm"})
	require.NoError(t, err)
	require.Equal(t, []string{"crm", "a"}, []string{asked.Schema.TargetModel, asked.Schema.Properties[0].Path})
	written := mustRead(t, "m.yaml", "$schema: https://json-schema.org/draft/2020-12/schema\nproperties:\n  a: {type: string}\n")
	require.Equal(t, []string{"yaml", "a"}, []string{written.Format, written.Schema.Properties[0].Path})

	twice := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/d0","$defs":{`)
		for i := range n {
			fmt.Fprintf(&b, `"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, i, i+1, i+1)
		}
		return b.String() + fmt.Sprintf(`"d%d":{"properties":{"a":{}}}}}`, n)
	}
	refused(t, "m.json", []byte(twice(40)), "limit_exceeded")
	refused(t, "m.json", []byte(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}`), "empty_content")
}

func TestYAML(t *testing.T) {
	doc := fixture(t, "stock.yaml")
	require.Equal(t, []string{"yaml", "structured"}, []string{doc.Format, doc.ParsingType})
	require.Equal(t, "items", doc.Tables[0].Name)
	require.Equal(t, "sku:string name:string price:float currency:string taxed:boolean", types(doc.Tables[0]))
	require.Equal(t, []string{"0017", "Desk lamp", "34.90", "EUR", "true"}, texts(doc.Tables[0].Rows[0]))
	require.Equal(t, []string{"0018", `<a & "b">`, "12", "USD", "true"}, texts(doc.Tables[0].Rows[1]))
	require.Equal(t, []string{"0019", "null", "16", "EUR", "true"}, texts(doc.Tables[0].Rows[2]))
	require.Contains(t, doc.Labels, document.Label{Label: "copy.name", Value: "Bonn"})

	laughs := "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
	for i := range 30 {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	for name, c := range map[string]struct{ content, code string }{
		"laughs":     {laughs, "limit_exceeded"},
		"self":       {"a: &a [*a]", "malformed_content"},
		"self merge": {"a: &a {b: 1, <<: *a}", "malformed_content"},
		"depth":      {strings.Repeat("[", 100) + strings.Repeat("]", 100), "limit_exceeded"},
		"very deep":  {strings.Repeat("[", 100_000), "malformed_content"},
		"broken":     {"a: [1, 2\nb: }", "malformed_content"},
		"empty":      {"# nothing\n", "empty_content"},
		"key":        {"? [a, b]\n: 1\n", "malformed_content"},
		"alias":      {"a: *nowhere", "malformed_content"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, "a.yaml", []byte(c.content), c.code) })
	}
}
