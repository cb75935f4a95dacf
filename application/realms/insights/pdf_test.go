package insights_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The same documents as PDF files have the same things in them as their texts.
func TestExtractionOfPDFFiles(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	_, permit := parsed(t, w, p, "permit.pdf", fixture(t, "permit.pdf"))
	doc := w.Must(t, p, "extract_structured_data", params{"pattern": "pso", "data_source": source(permit)}).Artifact("extraction")
	require.Equal(t, 7, counts(t, doc)["obligations"])
	require.InDelta(t, 3, doc["date_count"], 0)
	require.Equal(t, false, at(t, doc, "validation", "passed"))
	require.Equal(t, "PER-2024-001234", at(t, doc, "extracted_data", "permit_metadata", "permit_number"))
	require.Nil(t, at(t, doc, "extracted_data", "permit_metadata", "issuing_authority"))

	_, review := parsed(t, w, p, "review.pdf", fixture(t, "review.pdf"))
	doc = w.Must(t, p, "extract_structured_data", params{"pattern": "aar", "data_source": source(review)}).Artifact("extraction")
	require.Equal(t, map[string]int{"timeline": 0, "lessons_learned": 3, "risks": 1, "recommendations": 3}, counts(t, doc))
	require.Equal(t, true, at(t, doc, "validation", "passed"))
}
