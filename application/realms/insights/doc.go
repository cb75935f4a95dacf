// Package insights is the realm that says what data is worth and what it means. Everything it says is
// computed from the typed document.
package insights
