package document

// Schema is a data model as its source declares it.
type Schema struct {
	// Type is the language of the model: json_schema.
	Type  string
	Title string
	// Properties are all members, nested ones as a.b, in the order of the source; the members of the elements of a list are a[].b.
	Properties []Property
	// Required are the paths of the members that must be there.
	Required []string
	// Definitions are the named parts that properties refer to.
	Definitions []Definition
	// TargetModel is what the caller calls the model that this schema describes.
	TargetModel string
}

// Property is one member of a data model.
type Property struct {
	// Path is the names from the outermost object to the member, joined by dots.
	Path string
	// Types are the declared types, empty if none is.
	Types       []string
	Format      string
	Description string
	Required    bool
	// Enum are the allowed values, as text.
	Enum []string
	// Ref names the definition that the member is of, empty if it is declared in place.
	Ref string
	// Constraints are the other rules, as text such as "minimum: 0".
	Constraints []string
}

// Definition is a named part of a schema.
type Definition struct {
	Name       string
	Properties []Property
}
