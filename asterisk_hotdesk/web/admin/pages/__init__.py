"""The pages that administrators see, each with what its forms do."""
