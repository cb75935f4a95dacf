package bootstrap

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// envPrefix begins every environment variable of the platform.
const envPrefix = "SYMPHAINY_"

// Setting is one thing that can be configured, in all its spellings.
type Setting struct {
	// Key is the name in a configuration file, with a dot between section and name.
	Key string
	// Env is the environment variable.
	Env string
	// Default is the value without configuration, "" for none.
	Default string
	// Help says what it does.
	Help string
}

// Settings lists everything that can be configured, in the order of Config, with the defaults of an environment.
func Settings(environment string) []Setting {
	var all []Setting
	walk(reflect.ValueOf(Defaults(environment)), "", nil, &all)
	return all
}

// walk lists the settings of a struct. Fields are named by their koanf tag, or like their Go name; a tag "-" and the names in skip are
// not settings.
func walk(v reflect.Value, prefix string, skip []string, all *[]Setting) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("koanf")
		if key == "" {
			key = snake(f.Name)
		}
		if key == "-" || contains(skip, f.Name) {
			continue
		}
		key = prefix + key
		if f.Type.Kind() == reflect.Struct && !isText(f.Type) {
			walk(v.Field(i), key+".", strings.Split(f.Tag.Get("skip"), ","), all)
			continue
		}
		*all = append(*all, Setting{Key: key, Env: envName(key), Default: shown(v.Field(i)), Help: cmp.Or(f.Tag.Get("doc"), help(key))})
	}
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func shown(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Duration:
		return short(value)
	case []string:
		return strings.Join(value, ",")
	default:
		return fmt.Sprint(value)
	}
}

// envName gives the environment variable of a key: database.url is SYMPHAINY_DATABASE_URL.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// snake writes a Go name as a key: AllowQueryJWT is allow_query_jwt.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(strings.ReplaceAll(name, "KiB", "Kib"))
	for i, r := range runes {
		starts := unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if starts {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
