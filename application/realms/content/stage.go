package content

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// errProtocol is an exchange protocol that this version cannot unwrap.
var errProtocol = fault.New(fault.Unsupported, "unsupported_feature", "This exchange protocol is not supported.")

// Stage takes the bytes out of ingest_file's parameters (file_content, edi_data, api_payload) and puts the file_id of a staged upload in
// their place, so that neither the intent nor any log of it holds a file. It refuses what can be refused before anything is stored: text that is no
// hex, nothing at all, more than the limit, an unknown protocol. Called again it stages again; what nobody ingests is swept.
func (r *Realm) Stage(ctx context.Context, p identity.Principal, intentType string, parameters []byte) ([]byte, error) {
	if intentType == bulkIngest {
		return r.stageMany(ctx, p, parameters)
	}
	if intentType != ingestFile {
		return parameters, nil
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(parameters, &fields); err != nil {
		return nil, fault.As(err)
	}
	if err := oneSource(fields); err != nil {
		return nil, err
	}
	name, content, err := inline(fields)
	if err != nil || name == "" {
		return parameters, err
	}
	limit := r.Config.Limits.Inline
	switch size := int64(len(content)); {
	case size == 0:
		return nil, parse.ErrEmpty.WithMsg("%s: the file has no content.", name)
	case size > limit:
		return nil, tooLarge(limit, size).WithMsg("%s: the file is larger than allowed in parameters (limit: %d bytes, actual: %d); upload it instead.", name, limit, size)
	}
	id, _, err := r.uploads.stage(ctx, p, bytes.NewReader(content), limit)
	if err != nil {
		return nil, err
	}
	delete(fields, name)
	fields["file_id"] = artifacts.Encode(id)
	return artifacts.Encode(fields), nil
}

// oneSource refuses parameters that give the content in two ways.
func oneSource(fields map[string]json.RawMessage) error {
	var first string
	for _, name := range []string{"file_content", "file_id", "file_reference", "edi_data", "api_payload"} {
		if _, given := fields[name]; !given {
			continue
		}
		if first != "" && (first != "file_id" || name != "file_reference") {
			return wrong(name, "conflicting_alias", "the content is given by "+first+" already; give one of them.")
		}
		first = name
	}
	return nil
}

// inline gives the content that the parameters hold, and the name of the parameter; no name if they hold none.
func inline(fields map[string]json.RawMessage) (name string, content []byte, err error) {
	for _, name := range []string{"file_content", "edi_data", "api_payload"} {
		raw, given := fields[name]
		if !given {
			continue
		}
		switch name {
		case "file_content":
			content, err = fromHex(raw)
		case "edi_data":
			content, err = fromExchange(raw, fields["edi_protocol"])
		default:
			content = raw
		}
		return name, content, err
	}
	return "", nil, nil
}

func fromHex(raw json.RawMessage) ([]byte, error) {
	text, err := text(raw)
	if err != nil {
		return nil, err
	}
	content, err := hex.DecodeString(text)
	if err != nil {
		return nil, wrong("file_content", "invalid_hex", "must be the bytes in hexadecimal, two digits each.")
	}
	return content, nil
}

// fromExchange takes messages that come as they are. AS2 (the default of partners who say nothing) and X12 wrap what they carry, and are not
// unwrapped by this version.
func fromExchange(data, protocol json.RawMessage) ([]byte, error) {
	name := "as2"
	if protocol != nil {
		given, err := text(protocol)
		if err != nil {
			return nil, err
		}
		name = strings.ToLower(strings.TrimSpace(given))
	}
	if name != "plain" {
		return nil, errProtocol.WithMsg("edi_protocol %q is not supported; send the unwrapped message as \"plain\".", name)
	}
	content, err := text(data)
	return []byte(content), err
}

func text(raw json.RawMessage) (string, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fault.As(err)
	}
	return s, nil
}
