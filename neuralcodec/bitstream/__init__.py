"""What is written: integer symbols, entropy coding and the .nac container. Integers only; knows no Keras."""
