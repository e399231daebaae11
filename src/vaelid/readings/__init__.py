"""Array types that the spec is read with besides float libraries: balls and terms."""
