package bootstrap

// help says what the settings of the parts do. Their own Config types say it to programmers; a struct tag there would make them know that
// they are configured.
func help(key string) string {
	return map[string]string{
		"runtime.lease":          "how long a worker's claim of an execution holds without renewal",
		"runtime.renewal":        "interval of renewing claims",
		"runtime.sweep":          "interval of looking for due work that nobody announced",
		"runtime.poll":           "interval in which followers of events look without a hint",
		"runtime.timeout":        "time limit of executions whose intent declares none",
		"runtime.queue_limit":    "executions of a tenant that may wait for a worker; more are turned away with 429",
		"runtime.max_claims":     "claims after which an execution counts as poison",
		"ws.allow_query_jwt":     "accept access tokens in the URL of a socket; off by default in production",
		"ws.handshake":           "time limit of authentication and upgrade of a socket",
		"ws.max_message":         "bytes of a client's message",
		"ws.message_time":        "time from a message's first byte to its last",
		"ws.max_fragments":       "frames of one message",
		"ws.messages_per_minute": "messages of a client",
		"ws.control_per_minute":  "control frames of a client",
		"ws.handle_time":         "time limit of the work on one message",
		"ws.queue_bytes":         "bytes that wait for a slow reader",
		"ws.queue_frames":        "frames that wait for a slow reader",
		"ws.drain_wait":          "how long a full queue may stay full",
		"ws.ping":                "interval of pings",
		"ws.pong":                "how long an answer to a ping may take",
		"ws.write":               "time limit of each write",
		"ws.linger":              "how long a closed socket waits for the peer's close frame",
		"ws.poll":                "interval of checking the credential of a silent socket",
		"ws.idle":                "time without messages and events that ends a socket",
		"ws.go_away":             "time between server.goaway and the close at a stop",
		"ws.per_session":         "open sockets of a session",
		"ws.per_user":            "open sockets of a user",
		"ws.per_tenant":          "open sockets of a tenant",
		"ws.per_address":         "open sockets of a client address",
		"ws.per_process":         "open sockets of this process",
		"hashing.memory_kib":     "memory of one password hash in KiB (argon2id)",
		"hashing.iterations":     "passes of one password hash",
		"hashing.parallelism":    "lanes of one password hash",
		"hashing.slots":          "password hashes computed at once",
		"hashing.queue":          "sign-ins that wait for a slot; more are turned away",
	}[key]
}
