package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/bootstrap"
)

// configFlag and the rest name the flags that set something.
const (
	configFlag  = "config"
	addrFlag    = "addr"
	dataDirFlag = "data-dir"
	// runtimeAddrFlag is of serve runtime only.
	runtimeAddrFlag = "runtime-addr"
)

// settingFlags adds the flags that set something.
func settingFlags(cmd *cobra.Command) {
	cmd.Flags().String(configFlag, "", "YAML configuration file")
	cmd.Flags().String(dataDirFlag, "", "folder of the embedded database, files and keys (default ./data)")
}

// load reads the configuration of a command: file, environment, and the flags that were given.
func load(cmd *cobra.Command) (bootstrap.Config, error) {
	flags := map[string]string{}
	for flag, key := range map[string]string{addrFlag: "addr", dataDirFlag: "data_dir", runtimeAddrFlag: "planes.runtime_addr"} {
		if f := cmd.Flags().Lookup(flag); f != nil && f.Changed {
			flags[key] = f.Value.String()
		}
	}
	// The sub-commands of serve are named after their planes.
	if name := cmd.Name(); name == bootstrap.PlaneExperience || name == bootstrap.PlaneRuntime {
		flags["plane"] = name
	}
	file, err := cmd.Flags().GetString(configFlag)
	if err != nil {
		return bootstrap.Config{}, err
	}
	return bootstrap.Load(bootstrap.Sources{File: file, Environ: os.Environ(), Flags: flags})
}
