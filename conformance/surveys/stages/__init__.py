"""The stages side by side: what each learns, as a table and as a picture."""
