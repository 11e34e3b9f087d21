locals {
  services = [
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudscheduler.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "storage.googleapis.com",
  ]
}

resource "google_project_service" "all" {
  for_each = toset(local.services)

  service            = each.value
  disable_on_destroy = false
}

data "google_project" "this" {
  project_id = var.project
  depends_on = [google_project_service.all]
}

# Where the image is put; README.md says how.
resource "google_artifact_registry_repository" "images" {
  repository_id = "termtide"
  location      = var.region
  format        = "DOCKER"
  description   = "Termtide's image"

  docker_config {
    immutable_tags = true
  }

  depends_on = [google_project_service.all]
}
