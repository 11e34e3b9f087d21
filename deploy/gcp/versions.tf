terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region

  default_labels = local.labels
}

# Everything that is made here says so, and Termtide writes into nothing that doesn't.
locals {
  labels = {
    synthetic = "true"
    made_by   = "termtide"
  }
}
