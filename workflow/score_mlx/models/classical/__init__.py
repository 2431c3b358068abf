"""Classical models on the RDKit descriptors: boosted trees, random forest, SVR and Lasso, and the selection by SHAP."""
