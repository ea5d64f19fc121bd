import { mount } from "svelte";
import App from "./app/App.svelte";
import "./shared/theme.css";

mount(App, { target: document.getElementById("app")! });
