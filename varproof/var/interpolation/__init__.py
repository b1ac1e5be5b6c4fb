"""Up-interpolation and area down-sampling of token maps as explicit linear maps."""
