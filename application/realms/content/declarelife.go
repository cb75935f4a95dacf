package content

import (
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
)

// The intents of a file's life, and the search.
const (
	archiveFile    = "archive_file"
	restoreFile    = "restore_file"
	purgeFile      = "purge_file"
	deleteFile     = "delete_file"
	updateMetadata = "update_file_metadata"
	searchFiles    = "search_files"

	keySearchResults = "search_results"

	eventArchived = "file_archived"
	eventRestored = "file_restored"
	eventPurged   = "file_purged"
	eventMetadata = "file_metadata_updated"

	statusDeleted = "deleted"
)

const reasonSchema = `{"type":"string","maxLength":500}`

const archiveSchema = `{"type":"object","additionalProperties":false,"required":["file_id"],"properties":{"file_id":` + idSchema + `,"reason":` + reasonSchema + `}}`

const purgeSchema = `{"type":"object","additionalProperties":false,"required":["file_id"],
"properties":{"file_id":` + idSchema + `,"confirm":{"type":"boolean","default":false},"reason":` + reasonSchema + `}}`

const metadataSchema = `{"type":"object","additionalProperties":false,"required":["file_id"],"minProperties":2,
"properties":{"file_id":` + idSchema + `,"ui_name":` + nameSchema + `,"description":{"type":"string","maxLength":2000},
 "tags":{"type":"array","maxItems":50,"items":{"type":"string","minLength":1,"maxLength":64}},"ingestion_profile":` + profileSchema + `}}`

const searchSchema = `{"type":"object","additionalProperties":false,"required":["query"],
"properties":{"query":{"type":"string","minLength":1,"maxLength":500},
 "search_type":{"type":"string","enum":["name","content","both"],"default":"both"},
 "limit":{"type":"integer","minimum":1,"maximum":100,"default":20}}}`

func living() []realm.IntentSpec {
	example := []byte(`{"file_id":` + exampleFile + `,"reason":"The quarter is closed."}`)
	specs := []realm.IntentSpec{
		{
			Type: archiveFile, Title: "Archive a file", Aliases: []string{"archive_artifact"},
			Summary: "Puts a file aside; it is listed only on request and cannot be read until it is restored.",
			Schema:  []byte(archiveSchema), Events: []string{eventArchived}, Example: example,
		}, {
			Type: restoreFile, Title: "Restore a file",
			Summary: "Brings an archived file back, as long as its contract lasts.",
			Schema:  []byte(archiveSchema), Events: []string{eventRestored}, Example: example,
		}, {
			Type: purgeFile, Title: "Purge a file",
			Summary: "Deletes a file, its bytes and everything that was made of it but facts and outcomes, and revokes its contract. It cannot be undone.",
			Schema:  []byte(purgeSchema), Events: []string{eventPurged}, Example: []byte(`{"file_id":` + exampleFile + `,"confirm":true}`),
		}, {
			Type: deleteFile, Title: "Delete a file", Aliases: []string{"delete_artifact"},
			Summary: "Deletes a file as purge_file does; a file that is deleted already is no error.",
			Schema:  []byte(archiveSchema), Events: []string{eventPurged}, Example: example,
		}, {
			Type: updateMetadata, Title: "Describe a file",
			Summary: "Changes a file's name, description, tags or profile; nothing else can be changed.",
			Schema:  []byte(metadataSchema), Events: []string{eventMetadata},
			Example: []byte(`{"file_id":` + exampleFile + `,"ui_name":"customers-2025.csv","tags":["customers","2025"]}`),
		},
	}
	for i := range specs {
		specs[i].Permission, specs[i].Retry, specs[i].ResultKeys = identity.PermWrite, realm.RetryExternal, []string{keyFile}
	}
	specs = append(specs, realm.IntentSpec{
		Type: searchFiles, Title: "Search files",
		Summary: "Finds files by words in their names and contents, the most telling first, with the place where they stand.",
		Schema:  []byte(searchSchema), Permission: identity.PermRead, Retry: realm.RetryPure,
		ResultKeys: []string{keySearchResults}, Example: []byte(`{"query":"policy premium","search_type":"both"}`),
	})
	for i := range specs {
		specs[i].Tier, specs[i].Anonymous = 2, true
	}
	return specs
}
