// Package e2e drives the built binary as its users do: over HTTP and WebSocket, on SQLite and on PostgreSQL, through kills and stops; and in headless
// Chromium. Every response outside the browser is held against the server's own OpenAPI document and every frame against its AsyncAPI document.
package e2e
