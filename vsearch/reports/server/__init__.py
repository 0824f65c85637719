"""What browsers are served: Optuna's dashboard and our pages, behind a guard."""
