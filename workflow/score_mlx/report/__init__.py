"""One page for a referee, and a description of the whole run for machines, made of what is in the results' folders."""
