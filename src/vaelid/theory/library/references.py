"""The papers that statements come from."""

BURDA = "Burda, Grosse and Salakhutdinov (2016), arXiv:1509.00519"
HIGGINS = "Higgins et al. (2017), beta-VAE"
KINGMA = "Kingma and Welling (2014), arXiv:1312.6114"
LOAIZA = "Loaiza-Ganem and Cunningham (2019), arXiv:1907.06845"
RYBKIN = "Rybkin, Daniilidis and Levine (2021), arXiv:2006.13202"

__all__ = ["BURDA", "HIGGINS", "KINGMA", "LOAIZA", "RYBKIN"]
