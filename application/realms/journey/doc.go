// Package journey is the realm that works on processes: it makes workflows of BPMN files, written procedures and specifications, writes them
// down as standard operating procedures, finds where AI assistance removes friction and where people keep the focus, and plans the way there.
//
// Everything it says is computed from the graph of the process. What a source does not say stays null.
package journey
