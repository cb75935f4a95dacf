// Package extraction takes what a config asks for out of a document: what stands under certain headings, what certain labels say, what a
// pattern finds. It checks what it has found by the config's rules, and says where each thing stands.
package extraction
