class Qwen3mlx < Formula
  desc "Server and command for Qwen3 models on Apple silicon"
  homepage "$homepage"
  url "$download/qwen3mlx-$version.tar.gz"
  sha256 "$sha256"
  license "Apache-2.0"

  depends_on arch: :arm64
  depends_on macos: :sonoma
  depends_on "python@3.13"

  def install
    system Formula["python@3.13"].opt_bin/"python3.13", "-m", "venv", libexec
    pip = [libexec/"bin/python", "-m", "pip", "install"]
    # Wheels with known hashes alone, so nothing is compiled.
    system(*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", "requirements/run.txt")
    system(*pip, "--no-deps", "--no-build-isolation", ".")
    bin.install_symlink libexec/"bin/qwen3mlx"
  end

  service do
    run [opt_bin/"qwen3mlx", "serve"]
    keep_alive successful_exit: false
    log_path var/"log/qwen3mlx.log"
    error_log_path var/"log/qwen3mlx.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/qwen3mlx --version")
    assert_match "content", shell_output("#{bin}/qwen3mlx run demo --json --max-tokens 8 Hello")
  end
end
