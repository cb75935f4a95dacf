package bootstrap

import (
	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/blobstore"
	"github.com/symphainy/symphainy/ports"
)

// blobsModule gives the store of files' bytes, a folder of the data dir.
func blobsModule(cfg Config) fx.Option {
	return fx.Module("blobs", fx.Provide(
		func(opened *openings) (*blobstore.Store, error) {
			s, err := blobstore.OpenFolder(cfg.filesDir())
			if err == nil {
				opened.add(s.Close)
			}
			return s, err
		},
		func(s *blobstore.Store) ports.BlobStore { return s },
	))
}
