"""The pages. Each module is found by its being here, and lists its pages with `app.console.registry.page`."""
