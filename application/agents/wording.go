package agents

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Count gives a number with its noun: "1 file", "3 files".
func Count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		noun = strings.TrimSuffix(noun, "y") + "ie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Names lists names as people write them: "a", "a and b", "a, b and 3 more".
func Names(names []string) string {
	const shown = 5
	if len(names) > shown {
		return strings.Join(names[:shown], ", ") + fmt.Sprintf(" and %d more", len(names)-shown)
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func areNames(files []File) string {
	if len(files) == 0 {
		return "Your data is"
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
	}
	if len(names) == 1 {
		return names[0] + " is"
	}
	return Names(names) + " are"
}

// Size gives bytes as people read them.
func Size(bytes int64) string {
	const kib = 1024
	switch {
	case bytes < kib:
		return Count(bytes, "byte")
	case bytes < kib*kib:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/kib)
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(kib*kib))
}

// Describe tells what became of a file in one clause, with its real numbers.
func (f File) Describe() string {
	switch {
	case !f.Saved:
		return f.Name + " is uploaded and waits to be saved"
	case f.ParsedID == "":
		return f.Name + " is saved and waits to be parsed"
	case f.Process():
		return fmt.Sprintf("%s is parsed with %s", f.Name, Count(f.Records, "element"))
	case !f.Assessed:
		return fmt.Sprintf("%s is parsed with %s", f.Name, Count(f.Records, "row"))
	case len(f.Issues) == 0:
		return fmt.Sprintf("%s is parsed with %s and no quality issue (grade %s)", f.Name, Count(f.Records, "row"), f.Grade)
	}
	return fmt.Sprintf("%s is parsed with %s and %s (grade %s): %s", f.Name, Count(f.Records, "row"),
		Count(len(f.Issues), "quality issue"), f.Grade, strings.TrimSuffix(f.Worst().Description, "."))
}

// Worst gives the first of the most severe issues; the file must have one.
func (f File) Worst() Issue {
	for _, severity := range []string{"high", "medium"} {
		for _, i := range f.Issues {
			if i.Severity == severity {
				return i
			}
		}
	}
	return f.Issues[0]
}

// parameters makes a JSON object of pairs of names and texts.
func parameters(pairs ...string) []byte {
	object := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		object[pairs[i]] = pairs[i+1]
	}
	return Encode(object)
}

// Encode turns values that always encode (maps and slices of texts and numbers) into JSON.
func Encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return raw
}
