from django.urls import path
from notes import views

urlpatterns = [
    path("", views.hello),
    path("sleep/", views.sleep),
    path("notes/", views.notes),
    path("notes/count/", views.count),
]
