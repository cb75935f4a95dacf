// Package text describes a text: its words, key phrases, topics, sentiment, the things it names, and its most typical sentences. All of it
// is counted in the text itself, with word lists of English; nothing is learnt or guessed. Work and memory grow with the text, of which at
// most MaxText bytes are read.
package text
