// Package wsapi is the WebSocket face of the Experience plane: the agent socket and the stream of one execution (contract.md §4).
//
// Every socket is authenticated and authorised before 101; a refusal is problem+json. After that one goroutine reads, one writes, one
// follows the event log and one watches the credential; all of them end before the handler returns, and Hub.Shutdown waits for that.
// Nothing here decides anything about conversations or executions: frames become calls of the application, and what clients see comes
// from the event log.
package wsapi
