"""From the best score of a search to a claim that stands: which curves to train again, and what came out."""
