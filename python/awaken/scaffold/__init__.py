"""Makes new projects: what `awaken new` writes, from templates that are part of the package."""
