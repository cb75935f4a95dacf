package bootstrap

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// testPrefix begins the variables of the test suite, which are not settings.
const testPrefix = envPrefix + "TEST_"

// Sources is where settings come from, each over the ones before: defaults, the file, the environment, the flags.
type Sources struct {
	// File is a YAML file, "" for none.
	File string
	// Environ is the environment as os.Environ gives it.
	Environ []string
	// Flags are the flags that were given, by key.
	Flags map[string]string
}

// Load reads the configuration. What is unknown or unreadable, in the file and in SYMPHAINY_ variables alike, is an error that names
// each place and no value of a secret. The configuration is not validated yet.
func Load(s Sources) (Config, error) {
	known := map[string]bool{}
	byEnv := map[string]string{}
	for _, setting := range Settings(Development) {
		known[setting.Key] = true
		byEnv[setting.Env] = setting.Key
	}
	k := koanf.New(".")
	var problems []error
	if s.File != "" {
		problems = append(problems, loadFile(k, s.File, known)...)
	}
	problems = append(problems, loadEnv(k, s.Environ, byEnv)...)
	flags := map[string]any{}
	for key, value := range s.Flags {
		flags[key] = value
	}
	problems = append(problems, k.Load(confmap.Provider(flags, "."), nil))
	if err := errors.Join(problems...); err != nil {
		return Config{}, err
	}
	cfg := Defaults(environment(k))
	return cfg, decode(k, &cfg)
}

// environment gives the environment that the layers name; the defaults depend on it.
func environment(k *koanf.Koanf) string {
	if e := k.String("env"); e != "" {
		return e
	}
	return Development
}

func loadFile(k *koanf.Koanf, path string, known map[string]bool) (problems []error) {
	layer := koanf.New(".")
	if err := layer.Load(file.Provider(path), yaml.Parser()); err != nil {
		return []error{fmt.Errorf("configuration file %s: %w", path, err)}
	}
	for _, key := range layer.Keys() {
		if !known[key] {
			problems = append(problems, fmt.Errorf("configuration file %s: unknown setting %q%s", path, key, guess(key, known)))
		}
	}
	return append(problems, k.Merge(layer))
}

func loadEnv(k *koanf.Koanf, environ []string, byEnv map[string]string) (problems []error) {
	provider := env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key, ok := byEnv[name]
			if !ok && !strings.HasPrefix(name, testPrefix) {
				problems = append(problems, fmt.Errorf("environment: unknown setting %s%s", name, guess(name, byEnv)))
			}
			return key, value
		},
	})
	err := k.Load(provider, nil)
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return append(problems, err)
}

// guess names the known setting that an unknown one was probably meant to be.
func guess[T any](name string, known map[string]T) string {
	best, distance := "", 4
	for candidate := range known {
		if d := edits(name, candidate); d < distance || d == distance && candidate < best {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %s?", best)
}

// edits is the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// decode puts the settings over the defaults that cfg holds, and reports every unreadable value.
func decode(k *koanf.Koanf, cfg *Config) error {
	err := k.UnmarshalWithConf("", cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: cfg, TagName: "koanf", WeaklyTypedInput: true,
		MatchName: func(key, field string) bool { return strings.EqualFold(plain(key), plain(field)) },
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			list, mapstructure.TextUnmarshallerHookFunc(), mapstructure.StringToTimeDurationHookFunc(),
		),
	}})
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}

// plain drops what separates words, so that a key finds the field of an adapter's own struct.
func plain(name string) string { return strings.ReplaceAll(name, "_", "") }

// list splits a text into a list at its commas.
func list(from, to reflect.Type, value any) (any, error) {
	text, ok := value.(string)
	if !ok || from.Kind() != reflect.String || to != reflect.TypeFor[[]string]() {
		return value, nil
	}
	out := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out, nil
}
