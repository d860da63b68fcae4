"""Run records on disk: identity, atomic writing, status, and the tidy tables made of them."""
