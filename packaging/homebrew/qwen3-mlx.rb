cask "qwen3-mlx" do
  version "$version"
  sha256 "$sha256"

  url "$download/qwen3mlx-#{version}.dmg"
  name "Qwen3 MLX"
  desc "Chat with Qwen3 models that run on this computer"
  homepage "$homepage"

  depends_on arch: :arm64
  depends_on macos: ">= :sonoma"

  app "Qwen3 MLX.app"
  binary "#{appdir}/Qwen3 MLX.app/Contents/MacOS/qwen3mlx"

  uninstall launchctl: "org.qwen3mlx.server",
            quit:      "org.qwen3mlx.app"

  zap trash: [
    "~/Library/Application Support/qwen3mlx",
    "~/Library/LaunchAgents/org.qwen3mlx.server.plist",
    "~/Library/Logs/qwen3mlx.log",
    "~/Library/Saved Application State/org.qwen3mlx.app.savedState",
  ]
end
